#include "gateway/command_action.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/command.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::gateway::testing::Command;
using renewd::gateway::testing::Lines;
using renewd::testing::read_file;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

Command shell(const std::string& script) {
  return Command({"/bin/sh", "-c", script});
}

pid_t pid_in(const std::filesystem::path& file) {
  return static_cast<pid_t>(std::stol(read_file(file)));
}

// A killed process that its parent has not reaped yet is a zombie.
bool is_running(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  return !text.empty() && text.find(") Z") == std::string::npos;
}

bool ends_soon(pid_t pid) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (is_running(pid) && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  return !is_running(pid);
}

}  // namespace

TEST_CASE("a command that succeeds makes the gateway use the keystore") {
  Command command = shell("echo one; echo two >&2; printf 'no line break'");
  const auto activation = command.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::in_use);
  CHECK_THAT(activation->message, EndsWith("succeeded"));
  CHECK(command.lines == Lines{"one", "two", "no line break"});
  CHECK(command.loop.finish(command.action.check({})));
}

TEST_CASE("a command runs in its own session and cannot reach our terminal") {
  // The sixth word of stat is the session (proc(5)); a shell's name has no blank in it.
  Command command = shell("read -r pid name state parent group session rest </proc/$$/stat; echo $(($session == $$))");
  REQUIRE(command.activate());
  CHECK(command.lines == Lines{"1"});
}

TEST_CASE("a command gets its arguments unchanged, without a shell, and an empty standard input") {
  Command echo({"echo", "$HOME; `id`", "a  b"});
  REQUIRE(echo.activate());
  CHECK(echo.lines == Lines{"$HOME; `id` a b"});
  Command cat({"cat"});
  CHECK(cat.activate());
}

TEST_CASE("a command that fails is reported with its exit status and last output") {
  Command command = shell("echo first; echo keystore not accepted; echo; exit 3");
  const auto activation = command.activate();
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::gateway);
  CHECK_THAT(activation.error().message, ContainsSubstring("exit status 3"));
  CHECK_THAT(activation.error().message, ContainsSubstring("keystore not accepted"));
}

TEST_CASE("a command that a signal terminates is reported with the signal") {
  const auto activation = shell("kill -SEGV $$").activate();
  REQUIRE_FALSE(activation);
  CHECK_THAT(activation.error().message, ContainsSubstring("SIGSEGV"));
}

TEST_CASE("rehearsing a command does not run it") {
  const TemporaryDirectory directory;
  Command command({"touch", (directory / "ran").string()});
  CHECK(command.loop.finish(command.action.rehearse()));
  CHECK_FALSE(std::filesystem::exists(directory / "ran"));
}

TEST_CASE("a command that ignores SIGTERM is killed after its timeout, with all processes that it started") {
  const TemporaryDirectory directory;
  Command command({"/bin/sh", "-c",
                   "trap '' TERM; echo $$ > self; sleep 1000 & echo $! > other; echo hanging; "
                   "while :; do sleep 1000; done"},
                  std::chrono::seconds(5));
  std::filesystem::current_path(directory.path());
  const auto activation = command.activate();
  std::filesystem::current_path("/");
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::gateway);
  CHECK_THAT(activation.error().message, ContainsSubstring("5 s"));
  CHECK(ends_soon(pid_in(directory / "self")));
  CHECK(ends_soon(pid_in(directory / "other")));
}

TEST_CASE("a megabyte of output without a line break neither blocks the command nor fills our memory") {
  Command command = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo done");
  REQUIRE(command.activate());
  std::size_t total = 0;
  for (const auto& line : command.lines) {
    CHECK(line.size() <= kLineLimit);
    total += line.size();
  }
  CHECK(total == 1000000 + std::string("done").size());
  CHECK(command.lines.back() == "done");
}

TEST_CASE("a long line is not cut inside a character") {
  std::string line;
  while (line.size() < 3 * kLineLimit) {
    line += "a€";
  }
  Lines lines;
  OutputLines output([&](std::string_view piece) { lines.emplace_back(piece); });
  output.add(line.substr(0, 5000));
  output.add(line.substr(5000));
  output.finish();
  std::string together;
  for (const auto& piece : lines) {
    together += piece;
  }
  CHECK(lines.size() >= 3);
  CHECK(together == line);
}

TEST_CASE("secrets in a command's output are hidden, in its lines and in the error") {
  // "Bearer tok-en-1234" in base64.
  Command command = shell("echo header: QmVhcmVyIHRvay1lbi0xMjM0; echo refused: tok-en-1234; exit 1");
  const auto activation = command.activate();
  CHECK(command.lines == Lines{"header: [token]", "refused: [token]"});
  REQUIRE_FALSE(activation);
  CHECK_THAT(activation.error().message, EndsWith("refused: [token]"));
}

TEST_CASE("binary output is escaped") {
  Command command = shell("printf '\\001\\377\\033[31mred\\n'");
  REQUIRE(command.activate());
  CHECK(command.lines == Lines{"\\x01\\xff\\x1b[31mred"});
}

TEST_CASE("a background process of a command does not delay us") {
  const TemporaryDirectory directory;
  const std::string pid_file = (directory / "pid").string();
  SECTION("silent, with the output open") {
    Command command = shell("sleep 1000 & echo $! > " + pid_file + "; echo started");
    const auto activation = command.activate();
    const pid_t background = pid_in(pid_file);
    REQUIRE(activation);
    CHECK(command.lines == Lines{"started"});
    CHECK(is_running(background));
    ::kill(background, SIGKILL);
  }
  SECTION("printing for ever") {
    Command command = shell("yes & echo $! > " + pid_file);
    CHECK(command.activate());
    CHECK(ends_soon(pid_in(pid_file)));
  }
}

TEST_CASE("a background process of a command outlives us, whatever it prints") {
  const TemporaryDirectory directory;
  const auto file = [&](const std::string& name) { return (directory / name).string(); };
  // A failed write does not end a shell, but SIGPIPE does, and a write that blocks for ever stops it.
  const std::string gateway = fmt::format(
      "echo $$ >{}; until [ -e {} ]; do sleep 0.1; done; "
      "for round in 1 2 3; do head -c 100000 /dev/zero; echo more; echo errors >&2; done; "
      "echo done >{}; sleep 1000",
      file("pid"), file("gone"), file("done"));
  pid_t background = 0;
  {
    Command command = shell("setsid sh -c '" + gateway + "' & until [ -s " + file("pid") + " ]; do sleep 0.1; done");
    const auto activation = command.activate();
    REQUIRE(activation);
    CHECK_THAT(activation->message, ContainsSubstring("background"));
    background = pid_in(file("pid"));
  }
  write_file(directory / "gone", "");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (is_running(background) && !std::filesystem::exists(file("done")) && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(std::filesystem::exists(file("done")));
  CHECK(is_running(background));
  ::kill(background, SIGKILL);
}

TEST_CASE("a cancelled command is killed soon, even if it ignores SIGTERM") {
  const TemporaryDirectory directory;
  Command command = shell("trap '' TERM; echo $$ > " + (directory / "pid").string() +
                          "; echo cancel me; while :; do sleep 1000; done");
  const auto activation = command.activate();
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::cancelled);
  CHECK(ends_soon(pid_in(directory / "pid")));
}

TEST_CASE("a cancelled command that survives SIGKILL is not waited for") {
  const TemporaryDirectory directory;
  const std::string fifo = (directory / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    while (!std::filesystem::exists(directory / "ready")) {
      ::usleep(1000);
    }
    const bool traces = ::ptrace(PTRACE_SEIZE, pid_in(directory / "pid"), nullptr, nullptr) == 0;
    write_file(fifo, traces ? "traced\n" : "refused\n");
    ::pause();
  }
  const auto end_tracer = [](const pid_t* pid) {
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
  };
  const std::unique_ptr<const pid_t, decltype(end_tracer)> traced(&tracer, end_tracer);
  // Without a child of its own, whose end would stop it for the tracer.
  Command command = shell("echo $$ > " + (directory / "pid").string() + "; : > " + (directory / "ready").string() +
                          "; read how < " + fifo + "; echo $how; echo cancel me; read more < " + fifo);
  const auto activation = command.activate();
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::cancelled);
  if (command.lines.front() == "traced") {
    CHECK(::kill(pid_in(directory / "pid"), 0) == 0);
  } else {
    WARN("skipped: this kernel does not permit tracing");
  }
}

TEST_CASE("a command whose exit status is unknown has not succeeded") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto activation = shell("exit 1").activate();
  ::signal(SIGCHLD, before);
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::gateway);
}

TEST_CASE("a command that prints for ever is cancelled, or killed after its timeout") {
  SECTION("cancelled") {
    const auto activation = shell("echo cancel me; exec yes").activate();
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::cancelled);
  }
  SECTION("timeout") {
    const auto activation = Command({"yes"}, std::chrono::seconds(1)).activate();
    REQUIRE_FALSE(activation);
    CHECK_THAT(activation.error().message, ContainsSubstring("1 s"));
  }
}

TEST_CASE("a command sees none of our secrets, and ignores no signal") {
  ::setenv("RENEWD_TEST_SECRET", "hunter2", 1);
  ::signal(SIGPIPE, SIG_IGN);
  Command environment({"env"});
  REQUIRE(environment.activate());
  for (const auto& line : environment.lines) {
    const std::string name = line.substr(0, line.find('='));
    const Lines allowed{"PATH", "HOME", "LANG", "USER"};
    CHECK(std::find(allowed.begin(), allowed.end(), name) != allowed.end());
  }
  Command signals({"grep", "SigIgn", "/proc/self/status"});
  REQUIRE(signals.activate());
  REQUIRE(signals.lines.size() == 1);
  // 32 and 33 are the C library's own.
  const unsigned long long ignored = std::stoull(signals.lines[0].substr(signals.lines[0].find(' ')), nullptr, 16);
  CHECK((ignored & 0x7fffffffU) == 0);
}

TEST_CASE("a command that prints thousands of lines does not fill the log") {
  Command command = shell("seq 1 3000; echo the last");
  REQUIRE(command.activate());
  CHECK(command.lines.size() == kLinesDelivered + 1);
  CHECK(command.lines.back() == fmt::format("(and {} more lines)", 3001 - kLinesDelivered));
}
