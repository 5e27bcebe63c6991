// The result of checking a gateway once.
#pragma once

#include <string>

namespace renewd::gateway {

enum class Verdict {
  passed,
  not_yet,       // may pass later
  inconclusive,  // not_yet, and says nothing about the gateway: it refuses the check's password, or is not trusted
  restarting,    // not_yet, because the gateway was restarted externally or is about to be
  stopped,       // an operator stopped the gateway: there is nothing to wait for
};

struct CheckResult {
  Verdict verdict;
  std::string message;      // what was found, or what is still missing
  std::string advice = {};  // what to do about an inconclusive check
};

}  // namespace renewd::gateway
