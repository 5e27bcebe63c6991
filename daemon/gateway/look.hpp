// What one look at the gateway has shown.
#pragma once

#include <string>

namespace renewd::gateway {

enum class Verdict {
  passed,
  not_yet,     // it may pass later
  begins_now,  // the same, since others have restarted the gateway, or are about to
  stopped,     // somebody has stopped the gateway on purpose: there is nothing left to wait for
};

struct Look {
  Verdict verdict;
  std::string message;  // what was seen, or what is still missing
};

}  // namespace renewd::gateway
