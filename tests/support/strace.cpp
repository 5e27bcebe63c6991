#include "support/strace.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>
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
Traced renew_under_strace(const Host& host, const std::vector<std::string>& options,
                          const std::vector<std::string>& arguments = {}) {
  const TemporaryDirectory directory;
  std::vector<std::string> argv = {
      "strace", "--quiet=all", "-e", "signal=none", "-y", "-s", "0", "-o", (directory / "log").string()};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back("--");
  for (const auto& word : host.renew_command()) {
    argv.push_back(word);
  }
  argv.insert(argv.end(), arguments.begin(), arguments.end());
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
    options.insert(options.end(), {"-P", call.selector.empty() ? call.path_on(host).string() : call.selector});
  }
  return options;
}

// What strace's -P compares with what it is given, of one call: the paths of descriptors, and the names as they are in
// the call. A name that is looked up in a directory is given without it.
struct Subjects {
  std::vector<std::string> all;
  std::string first;           // the one to select the call by: its first name, else its first descriptor
  std::filesystem::path path;  // what that is, as a whole path
};

Subjects subjects_of(const std::string& line) {
  // Behind it is the result, which -P does not know.
  const std::string call = line.substr(0, line.rfind(") = "));
  const bool takes_names_in_directories =
      call.substr(0, call.find('(')).ends_with("at") || call.starts_with("openat2(") || call.starts_with("renameat2(");
  Subjects subjects;
  std::string directory;
  bool named = false;
  for (std::size_t at = call.find_first_of("<\""); at != std::string::npos; at = call.find_first_of("<\"", at)) {
    const bool descriptor = call[at] == '<';
    const auto end = call.find(descriptor ? '>' : '"', at + 1);
    if (end == std::string::npos) {
      break;
    }
    const std::string word = call.substr(at + 1, end - at - 1);
    at = end + 1;
    const bool absolute = word.starts_with('/');
    if (word.empty() || (!absolute && (descriptor || !takes_names_in_directories))) {
      continue;
    }
    subjects.all.push_back(word);
    directory = descriptor ? word : directory;
    if (subjects.first.empty() || (!descriptor && !named)) {
      subjects.first = word;
      subjects.path = absolute ? std::filesystem::path(word) : std::filesystem::path(directory) / word;
      if (word == ".") {
        subjects.path = directory;
      }
      named = !descriptor;
    }
  }
  return subjects;
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  return path == directory || path.string().starts_with(directory.string() + "/");
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

bool Call::creates_file() const {
  return name == "openat" && text.find("O_CREAT") != std::string::npos;
}

bool Call::renames_to(const std::filesystem::path& file) const {
  return name.starts_with("rename") && path.parent_path() == file.parent_path() &&
         text.find("\"" + file.filename().string() + "\") = 0") != std::string::npos;
}

Recording record(const Host& host, const std::vector<std::string>& names, const std::vector<std::string>& arguments) {
  Traced traced = renew_under_strace(host, {"-e", "trace=openat," + joined(names)}, arguments);
  Recording recording{std::move(traced.result), {}};
  std::map<std::pair<std::string, std::string>, int> made;
  bool begun = false;
  std::istringstream lines(traced.log);
  for (std::string line; std::getline(lines, line);) {
    Call call{line.substr(0, line.find('(')), {}, {}, 0, line};
    call.number = ++made[{call.name, ""}];
    const Subjects subjects = subjects_of(line);
    std::set<std::string> counted(subjects.all.begin(), subjects.all.end());
    for (const auto& subject : counted) {
      ++made[{call.name, subject}];
    }
    // The host's directory has another name on each host: a call that looks just this name up cannot be found again.
    const bool found_by_own_name = subjects.first == host.directory().filename();
    if (is_below(subjects.path, host.directory()) && !found_by_own_name) {
      call.path = subjects.path.lexically_relative(host.directory());
      call.number = made[{call.name, subjects.first}];
      call.selector = subjects.first.starts_with('/') ? "" : subjects.first;
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

Injected fail_each(const Host& host, const std::vector<std::string>& names, const std::string& error,
                   const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> options = {"-e", "trace=" + joined(names), "-e",
                                      "inject=" + joined(names) + ":error=" + error};
  for (const auto& path : paths) {
    options.insert(options.end(), {"-P", path.string()});
  }
  Traced traced = renew_under_strace(host, options);
  return {std::move(traced.result), traced.log.find("(INJECTED)") != std::string::npos};
}

}  // namespace renewd::testing
