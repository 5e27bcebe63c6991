#include "faults/strace.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
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

// All that the daemon does it does in its first thread; the one that looks a name up has nothing to do here, because
// the simulator's URL has an address.
Traced renew_under_strace(const Host& host, const std::vector<std::string>& options) {
  const TemporaryDirectory directory;
  std::vector<std::string> argv = {
      "strace", "--quiet=all", "-e", "signal=none", "-y", "-s", "0", "-o", (directory / "log").string()};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back("--");
  for (const auto& word : host.renew_command()) {
    argv.push_back(word);
  }
  CommandResult result = run(argv, without_leak_check());
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

// By the call's path, where it has one: then it does not matter how often the network made the daemon read something
// else.
std::vector<std::string> injection(const Host& host, const Call& call, const std::string& what) {
  std::vector<std::string> options = {"-e", "trace=" + call.name, "-e",
                                      "inject=" + call.name + ":" + what + ":when=" + std::to_string(call.number)};
  if (!call.path.empty()) {
    options.insert(options.end(), {"-P", call.path_on(host).string()});
  }
  return options;
}

// Every path in a line of the log that is the host's directory or below it, in order; relative to it.
std::vector<std::filesystem::path> paths_in(const std::string& line, const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  const std::string prefix = directory.string();
  for (auto begin = line.find(prefix); begin != std::string::npos; begin = line.find(prefix, begin + 1)) {
    const auto end = line.find_first_of("\">", begin);
    const auto path = std::filesystem::path(line.substr(begin, end - begin)).lexically_relative(directory);
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.push_back(path);
    }
  }
  return paths;
}

}  // namespace

CommandOptions without_leak_check() {
  const char* others = std::getenv("ASAN_OPTIONS");
  CommandOptions options;
  options.environment["ASAN_OPTIONS"] = (others == nullptr ? "" : std::string(others) + ":") + "detect_leaks=0";
  return options;
}

std::string Call::description() const {
  return "call " + std::to_string(number) + " of " + name + ": " + text;
}

std::filesystem::path Call::path_on(const Host& host) const {
  return path == "." ? host.directory() : host.directory() / path;
}

bool Call::renames_to(const std::filesystem::path& file) const {
  return name.starts_with("rename") && text.find("/" + file.string() + "\") = 0") != std::string::npos;
}

Recording record(const Host& host, const std::vector<std::string>& names) {
  Traced traced = renew_under_strace(host, {"-e", "trace=openat," + joined(names)});
  Recording recording{std::move(traced.result), {}};
  std::map<std::pair<std::string, std::filesystem::path>, int> made;
  bool begun = false;
  std::istringstream lines(traced.log);
  for (std::string line; std::getline(lines, line);) {
    Call call{line.substr(0, line.find('(')), {}, 0, line};
    call.number = ++made[{call.name, call.path}];
    const auto paths = paths_in(line, host.directory());
    for (const auto& path : paths) {
      ++made[{call.name, path}];
    }
    if (!paths.empty()) {
      call.path = paths.front();
      call.number = made[{call.name, call.path}];
    }
    begun = begun || call.path_on(host) == host.configuration();
    if (begun && std::find(names.begin(), names.end(), call.name) != names.end()) {
      recording.calls.push_back(std::move(call));
    }
  }
  if (recording.calls.empty()) {
    throw std::runtime_error("strace saw nothing: " + recording.result.errors + traced.log);
  }
  return recording;
}

// Without -f: strace counts the calls of each process apart, and would kill the gateway's command at its N-th call.
Injected kill_before(const Host& host, const Call& call) {
  Traced traced = renew_under_strace(host, injection(host, call, "signal=KILL"));
  const bool killed = traced.result.status == 128 + SIGKILL;
  return {std::move(traced.result), killed};
}

// With -f, for the sake of --seccomp-bpf: the program is then stopped at such calls alone, which halves the time. (Not
// when killing: strace 6.1 loses the signal.) The gateway's command makes its few calls on paths of the daemon's, one
// opening of the keystore, after the daemon has long made as many.
Injected fail_at(const Host& host, const Call& call, const std::string& error) {
  std::vector<std::string> options = injection(host, call, "error=" + error);
  options.insert(options.end(), {"-f", "--seccomp-bpf"});
  Traced traced = renew_under_strace(host, options);
  return {std::move(traced.result), traced.log.find("(INJECTED)") != std::string::npos};
}

}  // namespace renewd::testing
