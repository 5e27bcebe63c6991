// One thing that was found about a certificate, whoever shows it: how bad it is, in words, and what to do about it.
#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::renewal {

enum class Severity { ok, warning, critical };
// "OK", "WARNING", "CRITICAL"
std::string_view to_string(Severity severity);

enum class FindingKind {
  keystore_unreadable,
  clock_in_doubt,
  expired,
  expiring,
  not_expiring,  // no violation: what is left when nothing is wrong
  activation_pending,
  restoration_pending,       // of the previous keystore
  old_certificate_in_use,    // it expires before the installed one
  other_certificate_in_use,  // it does not: no violation
  renewal_failing,
  token_unusable,
  keystore_not_replaceable,
  longer_lasting_stored,  // a stored keystore outlasts the installed one, as after a roll-back: no violation
};
// "keystore_unreadable"; docs/status.md lists them.
std::string_view to_string(FindingKind kind);

struct Finding {
  FindingKind kind;
  Severity severity;
  std::string message;  // for people: "29 days left, inside the renewal window"
  std::string advice;   // what an operator can do; empty where nothing is to be done
};

// What an operator can do about a failed renewal.
std::string_view advice_for(ErrorKind kind);

}  // namespace renewd::renewal
