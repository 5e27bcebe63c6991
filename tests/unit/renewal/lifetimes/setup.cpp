#include "lifetimes/setup.hpp"

#include <array>

#include <fmt/format.h>

#include "core/text.hpp"
#include "renewal/policy.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using configuration::LifetimeShare;
using std::chrono::days;
using std::chrono::seconds;

seconds whole(Span span) {
  return std::chrono::floor<seconds>(span);
}

configuration::RenewBefore draw_renew_before(Random& random) {
  if (random.chance(0.5)) {
    return seconds(days(30));
  }
  if (random.chance(0.5)) {
    return LifetimeShare{0.02 + 0.6 * random.fraction()};
  }
  return whole(random.spread(days(1), days(90)));
}

struct Words {
  std::string operator()(seconds fixed) const { return format_duration(fixed); }
  std::string operator()(LifetimeShare share) const { return fmt::format("{:.1f}%", share.value * 100); }
};

}  // namespace

Setup draw_setup(Random& random) {
  Setup setup{};
  setup.lifetime = random.chance(0.7) ? seconds(days(365)) : whole(random.spread(days(7), days(400)));
  setup.certificate.name = "production";
  setup.certificate.renew_before = draw_renew_before(random);
  setup.certificate.gateway.rollback = random.chance(0.7);
  auto& schedule = setup.schedule;
  schedule.check_every = random.chance(0.5) ? seconds(12h) : whole(random.spread(10min, days(3)));
  schedule.splay = random.chance(0.5) ? seconds(24h) : whole(random.between(0s, days(10)));
  schedule.retry_at_least = whole(random.spread(10s, 1h));
  schedule.retry_at_most = random.chance(0.3) ? seconds(12h) : whole(random.spread(schedule.retry_at_least, 24h));
  schedule.requests_per_day = static_cast<unsigned>(random.between(std::int64_t{1}, std::int64_t{24}));
  setup.offset =
      renewal::splay_offset(fmt::format("{:016x}", random.bits()), setup.certificate.name, schedule.splay);
  return setup;
}

std::string describe(const Setup& setup) {
  const auto& [check_every, splay, least, most, per_day] = setup.schedule;
  return fmt::format(
      "a certificate of {}, renew_before {}, splay {} (offset {}), check_every {}, retries {} to {}, "
      "requests_per_day {}, rollback {}",
      format_duration(setup.lifetime), std::visit(Words{}, setup.certificate.renew_before), format_duration(splay),
      format_duration(setup.offset), format_duration(check_every), format_duration(least), format_duration(most),
      per_day, setup.certificate.gateway.rollback);
}

}  // namespace renewd::testing
