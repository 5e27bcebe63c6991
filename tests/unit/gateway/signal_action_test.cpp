#include "gateway/signal_action.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

#include "gateway/gateway.hpp"
#include "gateway/pid_file.hpp"
#include "gateway/process_handle.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::testing::BackgroundProcess;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

struct Signal : gateway::testing::GatewayUnderTest {
  Signal(int signal, std::filesystem::path pid_file)
      : GatewayUnderTest({.action = configuration::SignalGateway{std::move(pid_file), signal}}) {}
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the process of the pid file gets the signal, but not in a rehearsal") {
  const TemporaryDirectory directory;
  BackgroundProcess process({"sh", "-c", "trap 'echo got it; exit 0' USR1; echo ready; while :; do sleep 0.1; done"});
  process.wait_for_output([](const std::string& text) { return contains(text, "ready"); });
  write_file(directory / "pid", std::to_string(process.pid()) + "\n");
  Signal signal(SIGUSR1, directory / "pid");

  const auto rehearsed = signal.rehearse();
  REQUIRE(rehearsed);
  CHECK_THAT(*rehearsed, ContainsSubstring("SIGUSR1") && ContainsSubstring(std::to_string(process.pid())));
  CHECK(::kill(process.pid(), 0) == 0);

  const auto activation = signal.activate();
  REQUIRE(activation);
  CHECK(activation->use == Use::not_confirmed);
  CHECK_THAT(activation->message, ContainsSubstring("SIGUSR1"));
  CHECK(signal.verify());
  const auto result = process.wait();
  CHECK(result.status == 0);
  CHECK(result.output == "ready\ngot it\n");
}

TEST_CASE("a stale pid file is an error") {
  const TemporaryDirectory directory;
  BackgroundProcess process({"true"});
  const pid_t pid = process.pid();
  process.wait();
  write_file(directory / "pid", std::to_string(pid));
  Signal signal(SIGTERM, directory / "pid");
  for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
    CHECK_THAT(message, ContainsSubstring("No such process"));
    CHECK_THAT(message, ContainsSubstring((directory / "pid").string()));
  }
}

TEST_CASE("a pid file without a process number is an error") {
  const TemporaryDirectory directory;
  for (const char* content : {"", "\n", "gateway", "-5", "0", "1", "12 34", "12x", "+12", "99999999999999999999"}) {
    CAPTURE(content);
    write_file(directory / "pid", content);
    const auto activation = Signal(SIGTERM, directory / "pid").activate();
    REQUIRE_FALSE(activation);
    CHECK(activation.error().kind == ErrorKind::gateway);
    CHECK_THAT(activation.error().message, ContainsSubstring((directory / "pid").string()));
  }
  CHECK_FALSE(Signal(SIGTERM, directory / "missing").activate());
  write_file(directory / "pid", std::string(100000, '1'));
  CHECK_FALSE(Signal(SIGTERM, directory / "pid").activate());
  BackgroundProcess process({"sleep", "1000"});
  write_file(directory / "pid", "  " + std::to_string(process.pid()) + " \n");
  const auto held = open_process_of(directory / "pid");
  REQUIRE(held);
  CHECK(held->pid == process.pid());
}

TEST_CASE("a process that started after its pid file was written gets no signal") {
  const TemporaryDirectory directory;
  BackgroundProcess process({"sleep", "1000"});
  write_file(directory / "pid", std::to_string(process.pid()) + "\n");
  const auto written = [&](const std::string& when) {
    renewd::testing::run_or_throw({"touch", "-d", when, (directory / "pid").string()});
  };
  SECTION("from a minute ago, or before the host was started") {
    for (const char* when : {"1 minute ago", "1970-01-01", "2001-09-09"}) {
      CAPTURE(when);
      written(when);
      Signal signal(SIGTERM, directory / "pid");
      for (const Error& error :
           {signal.activate().error(), signal.rehearse().error(),
            SignalAction::check_pid_file(directory / "pid", SIGTERM, OtherProcesses::shown).error()}) {
        CHECK(error.kind == ErrorKind::gateway);
        CHECK_THAT(error.message, ContainsSubstring("touch the file"));
      }
      CHECK(::kill(process.pid(), 0) == 0);
    }
  }
  SECTION("a file that is as new as the process, or newer, is right") {
    written("now");
    CHECK(SignalAction::check_pid_file(directory / "pid", SIGTERM, OtherProcesses::shown));
    CHECK(Signal(SIGTERM, directory / "pid").activate());
    CHECK(process.wait().status == 128 + SIGTERM);
  }
}

TEST_CASE("a process that cannot be the gateway gets no signal, whatever the pid file says") {
  const TemporaryDirectory directory;
  const auto refused = [&](pid_t pid) {
    write_file(directory / "pid", std::to_string(pid));
    Signal signal(SIGTERM, directory / "pid");
    const auto rehearsed = signal.rehearse();
    REQUIRE_FALSE(rehearsed);
    const auto activated = signal.activate();
    REQUIRE_FALSE(activated);
    CHECK(activated.error().message == rehearsed.error().message);
    return activated.error().message;
  };
  SECTION("this process") {
    CHECK_THAT(refused(::getpid()), ContainsSubstring("itself"));
  }
  SECTION("one of its threads") {
    std::promise<pid_t> number;
    std::promise<void> over;
    std::thread thread([&] {
      number.set_value(::gettid());
      over.get_future().wait();
    });
    CHECK_THAT(refused(number.get_future().get()), ContainsSubstring("thread"));
    over.set_value();
    thread.join();
  }
  SECTION("a zombie") {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(0);
    }
    siginfo_t ended{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
    CHECK_THAT(refused(child), ContainsSubstring("has ended"));
    ::waitpid(child, nullptr, 0);
  }
  SECTION("a kernel thread") {
    if (renewd::testing::read_file("/proc/2/comm") != "kthreadd\n") {
      WARN("skipped: process 2 is not a kernel thread here");
      return;
    }
    CHECK_THAT(refused(2), ContainsSubstring("kernel thread"));
  }
}

TEST_CASE("SIGHUP and SIGUSR2 to a JVM are refused with the reason") {
  if (!renewd::testing::have_program("java")) {
    WARN("skipped: there is no java in PATH");
    return;
  }
  const TemporaryDirectory directory;
  write_file(directory / "Waiting.java",
             "public class Waiting {\n"
             "  public static void main(String[] arguments) throws Exception {\n"
             "    System.out.println(\"ready\");\n"
             "    Thread.sleep(600_000);\n"
             "  }\n"
             "}\n");
  BackgroundProcess jvm({"java", "-Xshare:auto", (directory / "Waiting.java").string()});
  jvm.wait_for_output([](const std::string& text) { return contains(text, "ready"); });
  write_file(directory / "pid", std::to_string(jvm.pid()));
  for (const int number : {SIGHUP, SIGUSR2}) {
    Signal signal(number, directory / "pid");
    for (const auto& message : {signal.activate().error().message, signal.rehearse().error().message}) {
      CHECK_THAT(message, ContainsSubstring("JVM") && ContainsSubstring(signal_name(number)));
    }
  }
  CHECK(::kill(jvm.pid(), 0) == 0);
  CHECK(Signal(SIGTERM, directory / "pid").activate());
  CHECK(jvm.wait().status == 128 + 15);
}
