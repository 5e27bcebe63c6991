#include "lifetimes/world.hpp"

#include <algorithm>

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

// The gateway has a life of its own.
constexpr std::array kKinds{ErrorKind::dns,          ErrorKind::connect,      ErrorKind::tls,
                            ErrorKind::proxy,        ErrorKind::timeout,      ErrorKind::unauthorized,
                            ErrorKind::client_error, ErrorKind::rate_limited, ErrorKind::server_error,
                            ErrorKind::bad_answer,   ErrorKind::disk,         ErrorKind::fleet,
                            ErrorKind::busy};

}  // namespace

World::World(std::uint64_t seed, TimePoint start) : random_(seed), real_(start), not_after_(start + days(60)) {
  for (auto& next : next_) {
    // Not everything goes wrong everywhere: else little would ever be right for a day on end.
    next = random_.chance(0.65) ? start + random_.between(1min, days(40)) : TimePoint::max();
  }
}

TimePoint World::next() const {
  return *std::min_element(next_.begin(), next_.end());
}

Happening World::happen() {
  const auto index = static_cast<std::size_t>(std::min_element(next_.begin(), next_.end()) - next_.begin());
  const auto happening = static_cast<Happening>(index);
  real_ = std::max(real_, next_.at(index));
  Span until_next{};
  switch (happening) {
    case Happening::cloud:
      until_next = cloud();
      break;
    case Happening::gateway:
      until_next = gateway();
      break;
    case Happening::power:
      until_next = power_switch();
      break;
    case Happening::restart:
      until_next = quiet_for(1min, days(100));
      break;
    case Happening::clock:
      until_next = clock_step();
      break;
  }
  next_.at(index) = real_ + until_next;
  return happening;
}

// Half of all trouble begins in the last weeks of the certificate.
Span World::quiet_for(Span shortest, Span longest) {
  const Span aimed = not_after_ - random_.between(0s, days(40)) - real_;
  return random_.chance(0.5) && aimed > 0s ? aimed : random_.spread(shortest, longest);
}

// And much of it ends when little time is left.
Span World::trouble_for(Span longest) {
  const Span aimed = not_after_ - random_.between(20h, days(8)) - real_;
  if (random_.chance(0.4) && aimed > 0s && aimed < longest * 2) {
    return aimed;
  }
  return random_.spread(1s, real_ < not_after_ ? longest : Span(days(2)));
}

Span World::cloud() {
  if (trouble_) {
    trouble_.reset();
    return quiet_for(5min, days(90));
  }
  trouble_ = draw_trouble();
  return trouble_->kind == ErrorKind::busy ? random_.spread(1s, 3h) : trouble_for(days(30));
}

Trouble World::draw_trouble() {
  Trouble trouble{random_.pick(kKinds), std::nullopt};
  if (random_.chance(trouble.kind == ErrorKind::rate_limited ? 0.9 : 0.1)) {
    trouble.retry_after = std::chrono::floor<seconds>(random_.spread(1s, days(60)));
  }
  return trouble;
}

Span World::gateway() {
  gateway_works_ = !gateway_works_;
  old_keystore_works_ = random_.chance(0.7);
  return gateway_works_ ? quiet_for(10min, days(200)) : trouble_for(days(10));
}

Span World::power_switch() {
  if (power_ != Power::on) {
    power_ = Power::on;
    return quiet_for(5min, days(200));
  }
  power_ = random_.chance(0.5) ? Power::off : Power::suspended;
  return trouble_for(days(20));
}

Span World::clock_step() {
  const bool right = std::chrono::abs(skew_) <= 1min;
  if (!right || random_.chance(0.4)) {
    skew_ = random_.between(-30s, 30s);
    return quiet_for(1min, days(150));
  }
  skew_ = random_.spread(1s, days(366)) * (random_.chance(0.5) ? 1 : -1);
  return trouble_for(days(10));
}

}  // namespace renewd::testing
