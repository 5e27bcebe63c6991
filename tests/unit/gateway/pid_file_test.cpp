#include "gateway/pid_file.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "core/file_access.hpp"
#include "gateway/signal_action.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using namespace renewd;
using namespace renewd::gateway;
using namespace std::chrono_literals;
using renewd::testing::BackgroundProcess;
using renewd::testing::read_file;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

constexpr TimePoint kNow(1795462200s);

std::string why(TimePoint written, TimePoint started, TimePoint seen) {
  return why_reused({written, started, seen, kNow}).value_or("");
}

// A gateway that runs as the user nobody, and its pid file, which that user may read.
struct NobodysGateway {
  explicit NobodysGateway(const std::vector<std::string>& privileges) : process(command(privileges)) {
    fs::permissions(directory.path(), fs::perms(0755));
    write_file(directory / "pid", std::to_string(process.pid()));
    fs::permissions(directory / "pid", fs::perms(0644));
    while (read_file("/proc/" + std::to_string(process.pid()) + "/comm") != "sleep\n") {
      ::usleep(1000);
    }
  }

  static std::vector<std::string> command(const std::vector<std::string>& privileges) {
    std::vector<std::string> words{"setpriv"};
    words.insert(words.end(), privileges.begin(), privileges.end());
    words.insert(words.end(), {"sleep", "1000"});
    return words;
  }

  // "yes" or the error for the user nobody, in a mount namespace whose /proc has the options `proc`, if any.
  std::string check(OtherProcesses others, const char* proc = nullptr) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (proc != nullptr &&
          (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
           ::mount("proc", "/proc", "proc", 0, proc) != 0)) {
        ::_exit(1);
      }
      const auto answer = ask_as(find_user("nobody").value(),
                                 [&] { return SignalAction::check_pid_file(directory / "pid", SIGHUP, others); });
      write_file(directory / "answer", answer ? "yes" : answer.error().message);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
    return read_file(directory / "answer");
  }

  TemporaryDirectory directory;
  BackgroundProcess process;
};

bool can_set_up() {
  if (::geteuid() == 0 && renewd::testing::have_program("setpriv")) {
    return true;
  }
  WARN("skipped: needs root and setpriv");
  return false;
}

const std::vector<std::string> kNobody{"--reuid=nobody", "--regid=nogroup", "--clear-groups"};

}  // namespace

TEST_CASE("a process that existed when its pid file was written is the right one") {
  CHECK(why(kNow - 1h, kNow - 1h - 1s, kNow) == "");
  CHECK(why(kNow - 1h, kNow - 1h + 1s, kNow) == "");
  CHECK(why(kNow, kNow, kNow + 1s) == "");
}

TEST_CASE("a process that started after the pid file was written is another one") {
  CHECK_THAT(why(kNow - 1h, kNow - 1h + 3s, kNow), ContainsSubstring("touch the file"));
  CHECK_THAT(why(kNow - 365 * 24h, kNow - 1min, kNow - 1min), ContainsSubstring("touch the file"));
  CHECK_THAT(why(TimePoint(), kNow - 1h, kNow - 1h), ContainsSubstring("touch the file"));
}

TEST_CASE("a process that was seen earlier is the right one after the clock was set forward") {
  // Written and seen at nine; an hour later it was eleven.
  CHECK(why(kNow - 2h, kNow - 1h, kNow - 2h + 1s) == "");
  // The clock began in 1970.
  CHECK(why(TimePoint(60s), kNow - 1h, TimePoint(50s)) == "");
}

TEST_CASE("after the clock was set back, a process that may have started later is refused") {
  // The file was written half an hour ago; its time lies in the future now.
  CHECK_THAT(why(kNow + 30min, kNow - 10min, kNow - 10min), ContainsSubstring("set back"));
  // The process came after the file, and both before the change.
  CHECK_THAT(why(kNow + 30min, kNow - 10min, kNow + 40min), ContainsSubstring("set back"));
  CHECK_THAT(why(kNow - 5min, kNow - 20min, kNow + 40min), ContainsSubstring("set back"));
  // They came together.
  CHECK(why(kNow + 30min, kNow - 10min, kNow + 30min) == "");
}

TEST_CASE("a process that /proc hides is refused with what hides it, and what to do") {
  if (!can_set_up()) {
    return;
  }
  auto more_capable = kNobody;
  more_capable.insert(more_capable.end(), {"--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"});
  NobodysGateway gateway(more_capable);
  const std::string hidden = gateway.check(OtherProcesses::shown, "hidepid=2");
  CHECK_THAT(hidden, ContainsSubstring("process " + std::to_string(gateway.process.pid())));
  CHECK_THAT(hidden, ContainsSubstring("hidepid=") && ContainsSubstring("ProtectProc=default"));
  const std::string unreadable = gateway.check(OtherProcesses::shown, "hidepid=1");
  CHECK_THAT(unreadable, ContainsSubstring("hidepid="));
  CHECK(gateway.check(OtherProcesses::shown) == "yes");
  const std::string of_service = gateway.check(OtherProcesses::hidden);
  CHECK_THAT(of_service, ContainsSubstring("ProtectProc=default"));
}

TEST_CASE("a process of the same user is always visible, and one of another user may not be signalled") {
  if (!can_set_up()) {
    return;
  }
  NobodysGateway own(kNobody);
  CHECK(own.check(OtherProcesses::hidden, "hidepid=2") == "yes");
  NobodysGateway of_root({"--no-new-privs"});
  CHECK_THAT(of_root.check(OtherProcesses::hidden, "hidepid=2"), ContainsSubstring("not permitted"));
  CHECK_THAT(of_root.check(OtherProcesses::shown), ContainsSubstring("not permitted"));
}
