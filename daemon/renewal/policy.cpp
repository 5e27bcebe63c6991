#include "renewal/policy.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "certificate/acceptance.hpp"
#include "core/text.hpp"

namespace renewd::renewal {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

seconds lifetime_of(const Validity& validity) {
  return std::max(validity.not_after - validity.not_before, seconds(0));
}

seconds wanted_length(const Validity& validity, const configuration::RenewBefore& renew_before) {
  if (const auto* share = std::get_if<configuration::LifetimeShare>(&renew_before)) {
    return seconds(static_cast<seconds::rep>(static_cast<double>(lifetime_of(validity).count()) * share->value));
  }
  return std::get<seconds>(renew_before);
}

std::string remaining(const Validity& validity, TimePoint now) {
  return format_duration(std::chrono::floor<seconds>(validity.not_after - now));
}

// When this host renews.
struct Turn {
  sys_seconds opens;    // the renewal window
  std::string opening;  // the same in words
  sys_seconds wanted;   // after the splay
  Slot slot;            // after the maintenance windows
};

Turn turn_of(const Validity& validity, const configuration::CertificateSettings& settings, seconds offset,
             TimePoint now) {
  const sys_seconds opens = window_opens(validity, settings.renew_before);
  const bool clamped = window_is_shortened(validity, settings.renew_before);
  const sys_seconds wanted = opens + std::min(offset, (validity.not_after - opens) / 2);
  const sys_seconds latest = validity.not_after - settings.override_windows_before;
  const sys_seconds second = std::chrono::floor<seconds>(now);
  const Slot planned = plan_slot(settings.renew_windows, offset, opens, wanted, latest);
  return {opens,
          format_time(opens) +
              (clamped ? ", after half of the certificate's life (`renew_before` is longer than that)" : ""),
          wanted,
          // A host that was down during its slot takes the next one.
          second <= planned.at ? planned : slot_from(settings.renew_windows, offset, second, latest)};
}

Decision override_windows(const Validity& validity, const configuration::CertificateSettings& settings, TimePoint now) {
  return {true, Reason::windows_overridden,
          fmt::format("only {} left: maintenance windows are ignored in the last {} (`override_windows_before`)",
                      remaining(validity, now), format_duration(settings.override_windows_before)),
          now};
}

std::string place_of(const Slot& slot) {
  const std::string at = "at " + format_time(slot.at);
  return slot.window == nullptr ? at : fmt::format("{}, in the maintenance window ({})", at, describe(slot));
}

std::string wait_for(const Slot& slot) {
  return slot.window != nullptr ? "waiting for this host's turn " + place_of(slot)
                                : fmt::format(
                                      "no maintenance window opens before {}; from then on, windows are ignored "
                                      "(`override_windows_before`)",
                                      format_time(slot.at));
}

Decision wait(const Turn& turn, const Validity& validity, TimePoint now) {
  const TimePoint next = turn.slot.at;
  if (now < turn.opens) {
    std::string message =
        fmt::format("{} left; the renewal window opens at {}", remaining(validity, now), turn.opening);
    if (turn.slot.at != turn.opens) {
      message += ", this host's turn is " + place_of(turn.slot);
    }
    return {false, Reason::not_due, std::move(message), next};
  }
  const std::string open = fmt::format("{} left; the renewal window is open, ", remaining(validity, now));
  return turn.slot.at == turn.wanted
             ? Decision{false, Reason::splay, open + "this host's turn is " + place_of(turn.slot), next}
             : Decision{false, Reason::maintenance_window, open + wait_for(turn.slot), next};
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::not_due:
      return "not_due";
    case Reason::splay:
      return "splay";
    case Reason::maintenance_window:
      return "maintenance_window";
    case Reason::window_open:
      return "window_open";
    case Reason::windows_overridden:
      return "override";
    case Reason::expired:
      return "expired";
    case Reason::not_yet_valid:
      return "not_yet_valid";
    case Reason::never:
      return "never";
    case Reason::unfinished:
      return "unfinished";
    case Reason::retry:
      return "retry";
    case Reason::request_cap:
      return "request_cap";
    case Reason::fleet:
      return "fleet";
  }
  return "unknown";
}

std::optional<Decision> wait_for_clock(const Validity& validity, TimePoint now) {
  if (now + certificate::kClockTolerance >= validity.not_before) {
    return std::nullopt;
  }
  return Decision{false, Reason::not_yet_valid,
                  fmt::format("this host's clock says {}, but the certificate is not valid before {}: check the clock",
                              format_time(now), format_time(validity.not_before)),
                  validity.not_before};
}

std::chrono::sys_seconds window_opens(const Validity& validity, const configuration::RenewBefore& renew_before) {
  return validity.not_after - std::min(wanted_length(validity, renew_before), lifetime_of(validity) / 2);
}

bool window_is_shortened(const Validity& validity, const configuration::RenewBefore& renew_before) {
  return wanted_length(validity, renew_before) > validity.not_after - window_opens(validity, renew_before);
}

seconds splay_offset(std::string_view host, std::string_view certificate, seconds splay) {
  if (splay <= seconds(0)) {
    return seconds(0);
  }
  // FNV-1a, 64 bit, and not std::hash: the offset must survive an upgrade of the library.
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
  };
  mix(host);
  mix("/");
  mix(certificate);
  // The low bits of FNV-1a mix badly for short inputs that differ at the end: fold the high ones in.
  hash ^= hash >> 32U;
  return seconds(static_cast<seconds::rep>(hash % static_cast<std::uint64_t>(splay.count())));
}

Decision decide(const Validity& validity, const configuration::CertificateSettings& settings, seconds offset,
                TimePoint now) {
  if (auto wait = wait_for_clock(validity, now)) {
    return std::move(*wait);
  }
  if (settings.renew == configuration::RenewMode::never) {
    return {false, Reason::never, fmt::format("watched only (renew: never), {} left", remaining(validity, now)),
            std::max<TimePoint>(validity.not_after, now)};
  }
  if (now >= validity.not_after) {
    return {true, Reason::expired, fmt::format("the certificate expired at {}", format_time(validity.not_after)), now};
  }
  const Turn turn = turn_of(validity, settings, offset, now);
  if (now < turn.slot.at) {
    return wait(turn, validity, now);
  }
  if (!settings.renew_windows.empty() && turn.slot.window == nullptr) {
    return override_windows(validity, settings, now);
  }
  return {true, Reason::window_open,
          fmt::format("{} left; the renewal window opened at {}", remaining(validity, now), turn.opening), now};
}

Slot turn(const Validity& validity, const configuration::CertificateSettings& settings, seconds offset, TimePoint now) {
  return turn_of(validity, settings, offset, now).slot;
}

Decision may_activate(const Validity& validity, const configuration::CertificateSettings& settings, seconds offset,
                      TimePoint now) {
  if (now >= validity.not_after) {
    return {true, Reason::expired, fmt::format("the certificate in use expired at {}", format_time(validity.not_after)),
            now};
  }
  const auto& windows = settings.activate_windows;
  const Slot slot = slot_from(windows, offset, std::chrono::floor<seconds>(now),
                              validity.not_after - settings.override_windows_before);
  if (now < slot.at) {
    return {
        false, Reason::maintenance_window,
        fmt::format("{} left; the renewed certificate is not in use yet; {}", remaining(validity, now), wait_for(slot)),
        slot.at};
  }
  if (windows.empty()) {
    return {true, Reason::window_open, "`activate_windows` is not set", now};
  }
  if (slot.window == nullptr) {
    return override_windows(validity, settings, now);
  }
  return {true, Reason::window_open, fmt::format("the maintenance window is open ({})", describe(slot)), now};
}

}  // namespace renewd::renewal
