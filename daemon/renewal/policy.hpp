// Whether a certificate is due for renewal, why, and when to look again. Pure: no disk, no network, no clock of its
// own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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
  not_due,             // the window has not opened yet
  splay,               // the window is open, but this host's turn has not come
  maintenance_window,  // it is this host's turn, but it waits for a maintenance window
  window_open,
  windows_overridden,  // too little is left to wait for a maintenance window; "override"
  expired,
  not_yet_valid,  // this host's clock is likelier wrong than the certificate
  never,          // renew: never
  unfinished,     // a renewal is under way
  retry,          // the last attempt failed, and the next one's time has not come
  request_cap,    // schedule.requests_per_day
};
std::string_view to_string(Reason reason);

struct Decision {
  bool due;
  Reason reason;
  std::string message;  // one sentence for people
  // When something changes by itself: the renewal becomes due, or the certificate expires. Never before `now`.
  TimePoint next;
};

// The decision to wait, when the certificate is not valid yet by `now`: a host without a clock of its own boots in
// 1970. Nothing can be told by such a clock, whatever else is to be decided.
std::optional<Decision> wait_for_clock(const Validity& validity, TimePoint now);

// When the renewal window of a certificate opens: never before half of its life is over. A window longer than the life
// of what the cloud issues would find each new certificate due at once, and renew for ever.
std::chrono::sys_seconds window_opens(const Validity& validity, const configuration::RenewBefore& renew_before);

// Whether it opens later than `renew_before` says, for that reason.
bool window_is_shortened(const Validity& validity, const configuration::RenewBefore& renew_before);

// How long after the window opens this host takes its turn: the same at every start, spread over `splay`, and another
// one for each certificate. `host` is that of host_identity().
std::chrono::seconds splay_offset(std::string_view host, std::string_view certificate, std::chrono::seconds splay);

// `offset` is added to the moment the window opens, so that a host that comes late does not wait again; it never takes
// more than half of what is then left until expiry. With `renew_windows` the renewal goes to the first maintenance
// window from that moment on; to the last one before it, when there is none until `override_windows_before` before
// expiry; and past all windows when there is none at all. A decision to wait until `next` is one to renew when it is
// made again then.
Decision decide(const Validity& validity, const configuration::CertificateSettings& settings,
                std::chrono::seconds offset, TimePoint now);

// Whether a renewed keystore may be installed now, and the gateway told of it, or when (`activate_windows`). `validity`
// is that of the certificate still in use: it is what must not expire meanwhile.
Decision may_activate(const Validity& validity, const configuration::CertificateSettings& settings,
                      std::chrono::seconds offset, TimePoint now);

}  // namespace renewd::renewal
