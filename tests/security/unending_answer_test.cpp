// An answer whose judging never finishes: SIGTERM still ends the process, and the answer does not block renewal
// forever.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

pid_t tracer_of(pid_t process) {
  const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
  const std::string name = "TracerPid:";
  const pid_t tracer = std::stoi(status.substr(status.find(name) + name.size()));
  REQUIRE(tracer > 0);
  return tracer;
}

void wait_until(const std::function<bool()>& reached) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (reached()) {
      return;
    }
    run_or_throw({"sleep", "0.1"});
  }
  FAIL("not reached");
}

// The states of a process's threads, a letter each (proc(5)); one that ends meanwhile is left out.
std::string states_of_threads(pid_t process) {
  std::string states;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream stat(task.path() / "stat");
    std::string text;
    std::getline(stat, text);
    if (const auto at = text.rfind(") "); at != std::string::npos) {
      states += text[at + 2];
    }
  }
  return states;
}

bool has_stopped_thread(pid_t process) {
  return states_of_threads(process).find('t') != std::string::npos;
}

// Nothing runs any more, or will: what is left is what the tracer holds.
bool has_ended(pid_t process) {
  return states_of_threads(process).find_first_not_of("tZX") == std::string::npos;
}

// A host that has an answer to judge, which it does after it has read `ca_file`.
class HostWithAnswer {
 public:
  HostWithAnswer() {
    host_.configure(
        {.certificate = {}, .keystore = {"ca_file: " + host_.cloud().client_ca_file().string()}, .http = {}});
    std::filesystem::create_directories(host_.state());
    write_file(host_.state() / "answer", "bm90IGEga2V5c3RvcmU=");
  }

  Host& host() { return host_; }

  // Runs the command and stops it while it judges for the `judging`-th time: it sleeps where it opens ca_file, on the
  // thread that judges.
  CommandResult stop_while_judging(const std::vector<std::string>& command, int judging) {
    std::vector<std::string> argv = {"strace", "-D",
                                     "-f",     "--quiet=all",
                                     "-e",     "signal=none",
                                     "-o",     "/dev/null",
                                     "-P",     host_.cloud().client_ca_file().string(),
                                     "-e",     "trace=openat",
                                     "-e",     "inject=openat:delay_enter=600000000"};
    argv.insert(argv.end(), command.begin(), command.end());
    CommandOptions options;
    options.environment["ASAN_OPTIONS"] = "detect_leaks=0";  // which needs ptrace
    BackgroundProcess process(argv, options);
    // Counted before it begins.
    const std::string counted = "\"resumed\":" + std::to_string(judging);
    wait_until([&] { return journal().find(counted) != std::string::npos; });
    // A signal that the kernel had given to that thread on its way there would wait with it. Other threads stop, too,
    // but do not stay.
    int looks = 0;
    wait_until([&] { return (looks = has_stopped_thread(process.pid()) ? looks + 1 : 0) == 10; });
    process.send_signal(SIGTERM);
    process.wait_for_errors(
        [](const std::string& errors) { return errors.find("did not end in time") != std::string::npos; });
    // Without a tracer the judging would go on until the process has ended.
    wait_until([&] { return has_ended(process.pid()); });
    // It would hold the dead thread until the delay is over.
    ::kill(tracer_of(process.pid()), SIGKILL);
    return process.wait();
  }

  void kill_while_judging() {
    std::vector<std::string> argv = {"strace",
                                     "-o",
                                     "/dev/null",
                                     "-P",
                                     host_.cloud().client_ca_file().string(),
                                     "-e",
                                     "trace=openat",
                                     "-e",
                                     "inject=openat:signal=KILL"};
    for (const auto& word : host_.renew_command()) {
      argv.push_back(word);
    }
    CommandOptions options;
    options.environment["ASAN_OPTIONS"] = "detect_leaks=0";  // which needs ptrace
    REQUIRE(run(argv, options).status == 128 + SIGKILL);
    REQUIRE(std::filesystem::exists(host_.state() / "answer"));
  }

 private:
  std::string journal() const {
    const auto file = host_.state() / "journal";
    return std::filesystem::exists(file) ? read_file(file) : std::string();
  }

  Host host_;
};

void check_cut_off(const CommandResult& result, int status) {
  INFO(result.output << result.errors);
  CHECK(result.status == status);
  CHECK_THAT(result.errors, ContainsSubstring("did not end in time"));
}

}  // namespace

TEST_CASE("SIGTERM ends judging that never finishes") {
  if (!have_program("strace")) {
    WARN("skipped: strace lets the judging take its time");
    return;
  }
  HostWithAnswer prepared;
  SECTION("of the daemon") {
    check_cut_off(prepared.stop_while_judging(prepared.host().daemon_command(), 1), 0);
  }
  SECTION("of a command by hand") {
    check_cut_off(prepared.stop_while_judging(prepared.host().renew_command(), 1), 1);
  }
}

TEST_CASE("an answer that has twice ended the process that judged it is set aside at the third start") {
  if (!have_program("strace")) {
    WARN("skipped: strace ends the process while it judges");
    return;
  }
  HostWithAnswer prepared;
  Host& host = prepared.host();
  const Snapshot before = snapshot(host.keystore());
  prepared.kill_while_judging();
  prepared.kill_while_judging();

  const CommandResult third = host.renew();
  INFO(third.output << third.errors);
  CHECK(third.status == 1);
  const auto rejected = find_event(parse_events(third.errors), "renewal_rejected");
  REQUIRE(rejected);
  CHECK(field(*rejected, "reason") == "untrusted");
  CHECK_THAT(field(*rejected, "message"), ContainsSubstring("interrupted 2 times"));
  CHECK(std::filesystem::exists(field(*rejected, "answer")));
  CHECK(snapshot(host.keystore()) == before);
  CHECK(host.cloud().request_count() == 0);

  CHECK(host.renew().status == 0);
  CHECK(host.cloud().request_count() == 1);
}
