// `renew` under strace(1): which system calls it makes, and the same again with something happening at one of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/host.hpp"

namespace renewd::testing {

struct Call {
  std::string name;
  // The first file or directory of the host that the call is on, relative to the host's directory ("." is that itself);
  // empty when it is on none.
  std::filesystem::path path;
  // The name that the call looks up in a directory that is open; empty when the call has the whole path.
  std::string selector;
  // Counted among the calls of that name on that path or name, from 1; without a path among all of that name.
  int number = 0;
  std::string text;  // as strace writes it: the paths of descriptors in angle brackets, no data

  std::string description() const;
  // What `path` is on a host.
  std::filesystem::path path_on(const Host& host) const;
  // Whether it may make a file. One without a name (O_TMPFILE) is gone with the process.
  bool creates_file() const;
  // Whether it is this file (a path as above) that a rename replaces or makes.
  bool renames_to(const std::filesystem::path& file) const;
};

// The environment for a `renew` that does not look for leaks at its end: that needs ptrace, which strace occupies, and
// takes a third of the run.
CommandOptions without_leak_check();

struct Recording {
  CommandResult result;
  // From the moment when it opens the configuration, in order: what comes before is the dynamic loader's.
  std::vector<Call> calls;
};

// Runs `renew` with these arguments and writes down its calls of these names; one that this machine does not have is
// left out.
Recording record(const Host& host, const std::vector<std::string>& names,
                 const std::vector<std::string>& arguments = {});

struct Injected {
  CommandResult result;
  bool happened = false;  // not, when the process made fewer such calls this time
};

// Runs `renew` and kills it when it is about to make the call.
Injected kill_before(const Host& host, const Call& call);
// Runs `renew` and lets the call, which is one on a path, fail with this error ("ENOSPC") without being made.
Injected fail_at(const Host& host, const Call& call, const std::string& error);
// Runs `renew` and lets each call of these names fail so; with paths, each on one of them.
Injected fail_each(const Host& host, const std::vector<std::string>& names, const std::string& error,
                   const std::vector<std::filesystem::path>& paths);

}  // namespace renewd::testing
