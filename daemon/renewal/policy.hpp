// Whether a certificate is due for renewal, why, and when to look again. Pure: no disk, no network, no clock of its
// own.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "configuration/settings.hpp"
#include "core/clock.hpp"

namespace renewd::renewal {

struct Validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
};

enum class Reason {
  not_due,  // the window has not opened yet
  splay,    // the window is open, but this host's turn has not come
  window_open,
  expired,
  never,        // renew: never
  unfinished,   // a renewal is under way
  retry,        // the last attempt failed, and the next one's time has not come
  request_cap,  // schedule.requests_per_day
};
std::string_view to_string(Reason reason);

struct Decision {
  bool due;
  Reason reason;
  std::string message;  // one sentence for people
  // When something changes by itself: the renewal becomes due, or the certificate expires. Never before `now`.
  TimePoint next;
};

// When the renewal window of a certificate opens. A window longer than the certificate's life opens with it.
std::chrono::sys_seconds window_opens(const Validity& validity, const configuration::RenewBefore& renew_before);

// How long after the window opens this host takes its turn: the same at every start, spread over `splay`, and another
// one for each certificate. `host` is the machine id (machine-id(5)).
std::chrono::seconds splay_offset(std::string_view host, std::string_view certificate, std::chrono::seconds splay);

// `offset` is added to the moment the window opens, so that a host that comes late does not wait again; it never takes
// more than half of what is then left until expiry.
Decision may_activate(const Validity& validity, const configuration::CertificateSettings& settings,
                      std::chrono::seconds offset, TimePoint now);
Decision decide(const Validity& validity, const configuration::CertificateSettings& settings,
                std::chrono::seconds offset, TimePoint now);

}  // namespace renewd::renewal
