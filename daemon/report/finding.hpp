// A finding about a certificate, the same in every form: its severity, a message, and what to do.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::report {

enum class Severity { ok, warning, critical };
// "OK", "WARNING", "CRITICAL"
std::string_view to_string(Severity severity);

enum class FindingKind {
  keystore_unreadable,
  clock_in_doubt,
  expired,
  expiring,
  not_expiring,  // nothing is wrong
  activation_pending,
  restoration_pending,       // of the previous keystore
  old_certificate_in_use,    // it expires before the installed one
  other_certificate_in_use,  // it does not
  renewal_failing,
  gateway_down,
  state_not_writable,
  older_keystore_installed,  // externally, in the place of a newer one
  token_unusable,
  keystore_not_replaceable,
  daemon_not_running,
  token_expires_before_renewal,
  gateway_not_restartable,
  gateway_health_unknown,  // its health check cannot be made
  ca_file_unusable,
  configuration_not_in_effect,
  fleet_unreachable,
  fleet_halted,           // its restarts in turn
  fleet_lagging,          // the gateway does not use what the fleet published a day ago
  fleet_key_differs,      // from that of the other hosts
  fleet_conflict,         // another process has this host's name
  fleet_value_refused,    // what the fleet shares in etcd cannot be used here
  fleet_unable,           // to use the certificate that the fleet published
  longer_lasting_stored,  // a stored keystore expires later than the installed one; nothing is wrong
};
// "keystore_unreadable"; docs/status.md lists them.
std::string_view to_string(FindingKind kind);
// For people: "unreadable", "in order".
std::string_view label(FindingKind kind);

struct Finding {
  FindingKind kind;
  Severity severity;
  std::string message;  // "29 days left, inside the renewal window"
  std::string advice;   // what an operator can do; may be empty
};

// The classes of a failed renewal (docs/events.md).
inline constexpr std::array kFailureClasses{ErrorKind::dns,          ErrorKind::connect,      ErrorKind::tls,
                                            ErrorKind::proxy,        ErrorKind::timeout,      ErrorKind::unauthorized,
                                            ErrorKind::client_error, ErrorKind::rate_limited, ErrorKind::server_error,
                                            ErrorKind::bad_answer,   ErrorKind::disk,         ErrorKind::gateway,
                                            ErrorKind::fleet};

// What an operator can do about a failed renewal: what helps against the class in general, and against this error.
std::string_view advice_for(ErrorKind kind);
std::string advice_on(const Error& error);

}  // namespace renewd::report
