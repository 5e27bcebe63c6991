// The result of checking a gateway once.
#pragma once

#include <string>

namespace renewd::gateway {

enum class Verdict {
  passed,
  not_yet,     // may pass later
  restarting,  // not_yet, because the gateway was restarted externally or is about to be
  stopped,     // an operator stopped the gateway: there is nothing to wait for
};

struct CheckResult {
  Verdict verdict;
  std::string message;  // what was found, or what is still missing
};

}  // namespace renewd::gateway
