// Other programs in tests: run one to its end, or keep one running beside the test. Each has a deadline, after which it
// is killed and the test fails: a stuck test ends, and a busy machine has the time that it needs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::testing {

struct CommandOptions {
  // Added to the environment of the test.
  std::map<std::string, std::string> environment;
  std::string input;
  std::chrono::seconds deadline{180};
};

struct CommandResult {
  int status = 0;  // 128 + signal when killed
  std::string output;
  std::string errors;
};

// The program is searched in PATH. Throws when it cannot be started or outlives its deadline.
CommandResult run(const std::vector<std::string>& argv, const CommandOptions& options = {});

// run(), and a thrown exception with the program's own words when it does not exit with 0. Returns standard output.
std::string run_or_throw(const std::vector<std::string>& argv, const CommandOptions& options = {});

// Whether a program is in PATH.
bool have_program(std::string_view name);

// A program that runs beside the test; ended (SIGKILL) with the object. Its two outputs are collected meanwhile.
class BackgroundProcess {
 public:
  explicit BackgroundProcess(const std::vector<std::string>& argv, const CommandOptions& options = {});
  BackgroundProcess(const BackgroundProcess&) = delete;
  BackgroundProcess& operator=(const BackgroundProcess&) = delete;
  ~BackgroundProcess();

  pid_t pid() const;
  void send_signal(int signal);
  // Waits until the standard output (or error) collected so far satisfies the predicate, and returns it. Throws with
  // what was collected when the deadline passes or the program ends first.
  std::string wait_for_output(const std::function<bool(const std::string&)>& satisfied);
  std::string wait_for_errors(const std::function<bool(const std::string&)>& satisfied);
  // Waits for the end. Throws when the deadline passes.
  CommandResult wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace renewd::testing
