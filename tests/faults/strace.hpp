// `renew` under strace(1): which system calls it makes, and the same again with something happening at one of them.
#pragma once

#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/host.hpp"

namespace renewd::testing {

struct Call {
  std::string name;
  int number = 0;    // of the calls of that name since the process began
  std::string text;  // as strace writes it: the paths of descriptors in angle brackets, no data

  std::string description() const;
};

struct Recording {
  CommandResult result;
  // From the moment when it opens the configuration, in order: what comes before is the dynamic loader's.
  std::vector<Call> calls;
};

// Runs `renew` and writes down its calls of these names; one that this machine does not have is left out.
Recording record(const Host& host, const std::vector<std::string>& names);

struct Injected {
  CommandResult result;
  bool happened = false;  // not, when the process made fewer such calls this time
};

// Runs `renew` and kills it when it is about to make the call.
Injected kill_before(const Host& host, const Call& call);
// Runs `renew` and lets the call fail with this error ("ENOSPC") without being made.
Injected fail_at(const Host& host, const Call& call, const std::string& error);

}  // namespace renewd::testing
