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
  return why_another({written, started, seen, kNow}).value_or("");
}

// A gateway as nobody, and its pid file, which nobody may read.
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

  // What nobody is told, in a mount namespace where `proc` are the options of /proc; as it is without any.
  std::string told(OtherProcesses others, const char* proc = nullptr) {
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

TEST_CASE("a process that was there when its pid file was written is the one") {
  CHECK(why(kNow - 1h, kNow - 1h - 1s, kNow) == "");
  CHECK(why(kNow - 1h, kNow - 1h + 1s, kNow) == "");
  CHECK(why(kNow, kNow, kNow + 1s) == "");
}

TEST_CASE("a process that came after the pid file is another") {
  CHECK_THAT(why(kNow - 1h, kNow - 1h + 3s, kNow), ContainsSubstring("was started after the pid file was written"));
  CHECK_THAT(why(kNow - 365 * 24h, kNow - 1min, kNow - 1min), ContainsSubstring("touch the file"));
  CHECK_THAT(why(TimePoint(), kNow - 1h, kNow - 1h), ContainsSubstring("it is another"));
}

TEST_CASE("a clock that was set forward makes no process another that was seen before") {
  // Written and seen at nine; an hour later it was eleven.
  CHECK(why(kNow - 2h, kNow - 1h, kNow - 2h + 1s) == "");
  // By a clock that began in 1970.
  CHECK(why(TimePoint(60s), kNow - 1h, TimePoint(50s)) == "");
}

TEST_CASE("a clock that was set back makes no process the one that was there before") {
  // The file of half an hour ago, as it was then, is of the future now.
  const std::string started_since = why(kNow + 30min, kNow - 10min, kNow - 10min);
  CHECK_THAT(started_since, ContainsSubstring("the clock was set back"));
  CHECK_THAT(started_since, ContainsSubstring("start the gateway again"));
  // The process came after the file, and both before the clock was set.
  CHECK_THAT(why(kNow + 30min, kNow - 10min, kNow + 40min), ContainsSubstring("the clock was set back"));
  CHECK_THAT(why(kNow - 5min, kNow - 20min, kNow + 40min), ContainsSubstring("the clock was set back"));
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
  const std::string hidden = gateway.told(OtherProcesses::shown, "hidepid=2");
  CHECK_THAT(hidden, ContainsSubstring("does not show process " + std::to_string(gateway.process.pid())));
  CHECK_THAT(hidden, ContainsSubstring("hidepid=") && ContainsSubstring("ProtectProc=default"));
  const std::string unreadable = gateway.told(OtherProcesses::shown, "hidepid=1");
  CHECK_THAT(unreadable, ContainsSubstring("does not show process"));
  CHECK(gateway.told(OtherProcesses::shown) == "yes");
  const std::string of_service = gateway.told(OtherProcesses::hidden);
  CHECK_THAT(of_service, ContainsSubstring("is hidden from the service") && ContainsSubstring("ProtectProc=default"));
}

TEST_CASE("a process of the same user is seen whatever /proc hides, and one of another may not be signalled") {
  if (!can_set_up()) {
    return;
  }
  NobodysGateway own(kNobody);
  CHECK(own.told(OtherProcesses::hidden, "hidepid=2") == "yes");
  NobodysGateway of_root({"--no-new-privs"});
  CHECK_THAT(of_root.told(OtherProcesses::hidden, "hidepid=2"), ContainsSubstring("not permitted"));
  CHECK_THAT(of_root.told(OtherProcesses::shown), ContainsSubstring("not permitted"));
}
