// Whether a certificate is due for renewal, why, and when to check again. Pure: no disk, no network, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "renewal/maintenance_windows.hpp"

namespace renewd::renewal {

struct Validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
};

enum class Reason {
  not_due,             // the window has not opened yet
  splay,               // the window is open, but this host's turn has not come
  maintenance_window,  // it is this host's turn, but no maintenance window is open
  window_open,
  windows_overridden,  // too little time is left to wait for a maintenance window; "override"
  expired,
  not_yet_valid,  // more likely this host's clock is wrong than the certificate
  never,          // renew: never
  unfinished,     // a renewal is under way
  retry,          // the last attempt failed, and it is too early for the next one
  request_cap,    // schedule.requests_per_day
  fleet,          // another host renews, or it is not this host's turn
};
std::string_view to_string(Reason reason);

struct Decision {
  bool due;
  Reason reason;
  std::string message;  // one sentence
  // When the decision changes by itself: the renewal becomes due, or the certificate expires. Never before `now`.
  TimePoint next;
};

// The decision to wait if the certificate is not valid yet at `now`: a host without a hardware clock boots in 1970, and
// with such a clock nothing else can be decided.
std::optional<Decision> wait_for_clock(const Validity& validity, TimePoint now);

// When the renewal window of a certificate opens: never before half of its life is over. With a window longer than the
// lifetime that the cloud issues, each new certificate would be due at once, and the daemon would renew forever.
std::chrono::sys_seconds window_opens(const Validity& validity, const configuration::RenewBefore& renew_before);

// Whether the window opens later than `renew_before` says, for that reason.
bool window_is_shortened(const Validity& validity, const configuration::RenewBefore& renew_before);

// How long after the window opens this host takes its turn: spread over `splay`, the same at every start, and different
// for each certificate. `host` comes from host_identity().
std::chrono::seconds splay_offset(std::string_view host, std::string_view certificate, std::chrono::seconds splay);

// `offset` (splay_offset()) is added to the time when the window opens, so that a host that was down does not wait
// again; it takes at most half of the time that is then left until expiry. With `renew_windows`, the renewal waits for
// the first maintenance window from then on. If none opens until `override_windows_before` before expiry, it takes the
// last one before; without any, it ignores windows from then on. A decision to wait becomes one to renew at `next`.
Decision decide(const Validity& validity, const configuration::CertificateSettings& settings,
                std::chrono::seconds offset, TimePoint now);

// When it is this host's turn to renew, as decide() has it: the planned turn or, if that is over at `now`, the next
// one.
Slot turn(const Validity& validity, const configuration::CertificateSettings& settings, std::chrono::seconds offset,
          TimePoint now);

// Whether a renewed keystore may be installed and activated now, or when (`activate_windows`). `validity` is that of
// the certificate still in use, which must not expire meanwhile.
Decision may_activate(const Validity& validity, const configuration::CertificateSettings& settings,
                      std::chrono::seconds offset, TimePoint now);

}  // namespace renewd::renewal
