// What happens to a host without its doing: the cloud and the gateway fail and come back, the host is off or suspended,
// the daemon is restarted, the clock is set. It is unkind: much of it is aimed at the end of the certificate in use.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include "core/error.hpp"
#include "lifetimes/random.hpp"

namespace renewd::testing {

// Why a renewal fails just now.
struct Trouble {
  ErrorKind kind;
  std::optional<std::chrono::seconds> retry_after;
};

enum class Power { on, off, suspended };

enum class Happening { cloud, gateway, power, restart, clock };

class World {
 public:
  World(std::uint64_t seed, TimePoint start);

  // The time that is right, and the one that the host believes in.
  TimePoint real() const { return real_; }
  TimePoint clock() const { return real_ + skew_; }
  Span skew() const { return skew_; }

  const std::optional<Trouble>& trouble() const { return trouble_; }
  bool gateway_works() const { return gateway_works_; }
  // Whether a gateway that does not come up with a new keystore does with the previous one.
  bool old_keystore_works() const { return gateway_works_ || old_keystore_works_; }
  Power power() const { return power_; }

  // When something happens next, and what did; time has passed until then.
  TimePoint next() const;
  Happening happen();
  // Nothing happens before `until`.
  void pass(TimePoint until) { real_ = until; }

  // When the certificate in use expires.
  void aim_at(TimePoint not_after) { not_after_ = not_after; }

 private:
  Span quiet_for(Span shortest, Span longest);
  Span trouble_for(Span longest);
  Span cloud();
  Span gateway();
  Span power_switch();
  Span clock_step();
  Trouble draw_trouble();

  Random random_;
  TimePoint real_;
  TimePoint not_after_;
  Span skew_{};
  std::optional<Trouble> trouble_;
  bool gateway_works_ = true;
  bool old_keystore_works_ = true;
  Power power_ = Power::on;
  std::array<TimePoint, 5> next_{};  // by Happening; max: never in this world
};

}  // namespace renewd::testing
