#include "renewal/policy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::renewal {
namespace {

using std::chrono::seconds;

struct WindowLength {
  seconds lifetime;
  seconds operator()(seconds fixed) const { return std::min(fixed, lifetime); }
  seconds operator()(configuration::LifetimeShare share) const {
    return seconds(static_cast<seconds::rep>(static_cast<double>(lifetime.count()) * share.value));
  }
};

std::string remaining(const Validity& validity, TimePoint now) {
  return format_duration(std::chrono::floor<seconds>(validity.not_after - now));
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::not_due:
      return "not_due";
    case Reason::splay:
      return "splay";
    case Reason::window_open:
      return "window_open";
    case Reason::expired:
      return "expired";
    case Reason::never:
      return "never";
    case Reason::unfinished:
      return "unfinished";
    case Reason::retry:
      return "retry";
    case Reason::request_cap:
      return "request_cap";
  }
  return "unknown";
}

std::chrono::sys_seconds window_opens(const Validity& validity, const configuration::RenewBefore& renew_before) {
  const seconds lifetime = std::max(validity.not_after - validity.not_before, seconds(0));
  return validity.not_after - std::visit(WindowLength{lifetime}, renew_before);
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

Decision may_activate(const Validity&, const configuration::CertificateSettings&, seconds, TimePoint now) {
  return {true, Reason::unfinished, "", now};
}

Decision decide(const Validity& validity, const configuration::CertificateSettings& settings, seconds offset,
                TimePoint now) {
  if (settings.renew == configuration::RenewMode::never) {
    return {false, Reason::never, fmt::format("watched only (renew: never), {} left", remaining(validity, now)),
            std::max<TimePoint>(validity.not_after, now)};
  }
  if (now >= validity.not_after) {
    return {true, Reason::expired, fmt::format("the certificate expired at {}", format_time(validity.not_after)), now};
  }
  const auto opens = window_opens(validity, settings.renew_before);
  const auto turn = opens + std::min(offset, (validity.not_after - opens) / 2);
  if (now >= turn) {
    return {true, Reason::window_open,
            fmt::format("{} left; the renewal window opened at {}", remaining(validity, now), format_time(opens)), now};
  }
  if (now >= opens) {
    return {false, Reason::splay,
            fmt::format("{} left; the renewal window is open, this host's turn is at {}", remaining(validity, now),
                        format_time(turn)),
            turn};
  }
  std::string message =
      fmt::format("{} left; the renewal window opens at {}", remaining(validity, now), format_time(opens));
  if (turn != opens) {
    message += fmt::format(", this host's turn is at {}", format_time(turn));
  }
  return {false, Reason::not_due, std::move(message), turn};
}

}  // namespace renewd::renewal
