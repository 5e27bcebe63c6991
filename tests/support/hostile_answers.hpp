// Answers that an attacker would send: each is well formed as far as it goes, and made to cost the reader time or
// memory, or to be installed with a key that gives it away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace renewd::testing {

struct HostileAnswer {
  std::string name;
  std::string bytes;   // as the cloud sends them
  std::string reason;  // of the rejection
  std::string text;    // in its message
};

// Their certificates are for `account` and valid for a year, their encryption is under `password`.
std::vector<HostileAnswer> hostile_answers(std::string_view account, const std::string& password);

}  // namespace renewd::testing
