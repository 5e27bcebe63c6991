#include "faults/strace.hpp"

#include <csignal>
#include <map>
#include <sstream>
#include <stdexcept>

#include "support/temporary_directory.hpp"

namespace renewd::testing {
namespace {

struct Traced {
  CommandResult result;
  std::string log;
};

// Without -f: strace counts the calls of each process apart, and would hit the gateway's command at its N-th call as
// well as the daemon at its own. All that the daemon does it does in its first thread; the one that looks a name up has
// nothing to do here, because the simulator's URL has an address.
Traced renew_under_strace(const Host& host, const std::vector<std::string>& options) {
  const TemporaryDirectory directory;
  std::vector<std::string> argv = {"strace", "-qq", "-y", "-s", "0", "-o", (directory / "log").string()};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back("--");
  for (const auto& word : host.renew_command()) {
    argv.push_back(word);
  }
  CommandOptions settings;
  // Looking for leaks needs ptrace, which strace occupies.
  settings.environment["ASAN_OPTIONS"] = "detect_leaks=0";
  CommandResult result = run(argv, settings);
  check_no_secret(result.output + result.errors);
  return {std::move(result), read_file(directory / "log")};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    // "?": strace would refuse a name that this machine's kernel does not have.
    text += (text.empty() ? "?" : ",?") + name;
  }
  return text;
}

Traced renew_with(const Host& host, const Call& call, const std::string& what) {
  return renew_under_strace(host, {"-e", "trace=" + call.name, "-e",
                                   "inject=" + call.name + ":" + what + ":when=" + std::to_string(call.number)});
}

}  // namespace

std::string Call::description() const {
  return "call " + std::to_string(number) + " of " + name + ": " + text;
}

Recording record(const Host& host, const std::vector<std::string>& names) {
  Traced traced = renew_under_strace(host, {"-e", "trace=" + joined(names)});
  Recording recording{std::move(traced.result), {}};
  std::map<std::string, int> made;
  std::istringstream lines(traced.log);
  for (std::string line; std::getline(lines, line);) {
    const auto name_ends = line.find('(');
    if (name_ends == std::string::npos || line.starts_with('-') || line.starts_with('+')) {
      continue;  // a signal, or the end
    }
    const std::string name = line.substr(0, name_ends);
    const int number = ++made[name];
    if (!recording.calls.empty() || line.find(host.configuration().string()) != std::string::npos) {
      recording.calls.push_back({name, number, line});
    }
  }
  if (recording.calls.empty()) {
    throw std::runtime_error("strace saw nothing: " + recording.result.errors + traced.log);
  }
  return recording;
}

Injected kill_before(const Host& host, const Call& call) {
  Traced traced = renew_with(host, call, "signal=KILL");
  const bool killed = traced.result.status == 128 + SIGKILL;
  return {std::move(traced.result), killed};
}

Injected fail_at(const Host& host, const Call& call, const std::string& error) {
  Traced traced = renew_with(host, call, "error=" + error);
  return {std::move(traced.result), traced.log.find("(INJECTED)") != std::string::npos};
}

}  // namespace renewd::testing
