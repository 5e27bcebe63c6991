// A log that nothing reads: a pipe that is full, a terminal that is stopped, a journald that hangs.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "core/descriptor.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/pseudo_terminal.hpp"
#include "support/wait_until.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{180};

// A pipe with a name that takes no byte more. It is held open for reading.
class FullPipe {
 public:
  explicit FullPipe(const std::filesystem::path& path) : path_(path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    pipe_ = Descriptor(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(pipe_);
    while (::write(pipe_.get(), "\n", 1) == 1) {
    }
  }

  // The command, with its log in the pipe.
  std::vector<std::string> log_of(const std::vector<std::string>& command) const {
    std::vector<std::string> words{"/bin/sh", "-c", R"(exec "$@" 2>"$0")", path_.string()};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }

  // What is there now; more may come.
  std::string take() {
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t n = 0;
    while ((n = ::read(pipe_.get(), buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }

 private:
  std::filesystem::path path_;
  Descriptor pipe_;
};

bool is_renewed(const Host& host) {
  return host.restarts() == 1 && std::filesystem::exists(host.state() / "history.jsonl") &&
         read_file(host.keystore()) == read_file(host.cloud().issued().at(0));
}

}  // namespace

TEST_CASE("the daemon renews and ends on SIGTERM although nothing reads its log") {
  Host host;
  const FullPipe pipe(host / "log");
  BackgroundProcess daemon(pipe.log_of(host.daemon_command()), {.deadline = kDeadline});
  wait_until([&] { return is_renewed(host); });
  daemon.send_signal(SIGTERM);
  CHECK(daemon.wait().status == 0);
}

TEST_CASE("a log that is read again has all of it, in order") {
  Host host;
  FullPipe pipe(host / "log");
  BackgroundProcess daemon(pipe.log_of(host.daemon_command()), {.deadline = kDeadline});
  wait_until([&] { return is_renewed(host); });
  std::string log;
  wait_until([&] { return (log += pipe.take()).find("renewal_completed") != std::string::npos; });
  daemon.send_signal(SIGTERM);
  CHECK(daemon.wait().status == 0);
  log += pipe.take();
  const auto events = parse_events(log.substr(log.find_first_not_of('\n')));
  std::vector<std::string> names;
  for (const auto& event : events) {
    names.push_back(field(event, "event"));
  }
  CHECK(names.front() == "daemon_started");
  CHECK(names.back() == "daemon_stopping");
  CHECK_FALSE(find_event(events, "log_lines_dropped"));
}

TEST_CASE("renew ends although nothing reads its log") {
  Host host;
  const FullPipe pipe(host / "log");
  const auto result = run(pipe.log_of(host.renew_command()), {.deadline = kDeadline});
  CHECK(result.status == 0);
  CHECK_THAT(result.output, ContainsSubstring("renewed"));
  CHECK(is_renewed(host));
}

TEST_CASE("renew ends on a terminal that is stopped") {
  Host host;
  std::vector<std::string> words{"/bin/sh", "-c", R"(exec "$0" "$@" >/dev/null)"};
  const auto command = host.renew_command();
  words.insert(words.end(), command.begin(), command.end());
  PseudoTerminal terminal(words);
  terminal.type("\x13");  // Ctrl-S
  CHECK(terminal.wait() == 0);
  CHECK(is_renewed(host));
}

TEST_CASE("the daemon renews and ends on SIGTERM although journald hangs") {
  if (::geteuid() != 0 || run({"unshare", "--mount", "true"}).status != 0) {
    WARN("skipped: root and a mount namespace of its own are needed to be journald");
    return;
  }
  Host host;
  std::string configuration = read_file(host.configuration());
  configuration.replace(configuration.find("format: json"), 12, "format: auto");
  write_file(host.configuration(), configuration);
  std::filesystem::create_directory(host / "journal");
  const std::string path = host / "journal/socket";
  const Descriptor journald(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const auto* const there = reinterpret_cast<const sockaddr*>(&address);
  REQUIRE(::bind(journald.get(), there, sizeof address) == 0);
  const Descriptor sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  while (::sendto(sender.get(), "x", 1, 0, there, sizeof address) == 1) {
  }
  std::vector<std::string> words{"unshare",
                                 "--mount",
                                 "/bin/sh",
                                 "-ec",
                                 "mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/journal\n"
                                 "mount --bind \"$0\" /run/systemd/journal\n"
                                 "touch \"$0/stream\"; export JOURNAL_STREAM=$(stat -c %d:%i \"$0/stream\")\n"
                                 "exec \"$@\" 2>\"$0/stream\"",
                                 (host / "journal").string()};
  const auto command = host.daemon_command();
  words.insert(words.end(), command.begin(), command.end());
  BackgroundProcess daemon(words, {.deadline = kDeadline});
  wait_until([&] { return is_renewed(host); });
  daemon.send_signal(SIGTERM);
  CHECK(daemon.wait().status == 0);
  CHECK(read_file(host / "journal/stream").empty());
}
