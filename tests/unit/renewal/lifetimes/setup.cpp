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

configuration::MaintenanceWindow draw_window(Random& random) {
  constexpr std::array kZones{"UTC",          "Europe/Paris",        "America/New_York",
                              "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"};
  configuration::MaintenanceWindow window;
  if (random.chance(0.8)) {
    window.days = static_cast<unsigned long>(random.between(std::int64_t{1}, 127));
  }
  window.from = std::chrono::minutes(15 * random.between(std::int64_t{0}, 95));
  window.to = window.from + std::chrono::minutes(15 * random.between(std::int64_t{1}, 32));
  if (window.to > 24h) {
    window.to -= 24h;
  }
  window.timezone = TimeZone::find(random.pick(kZones)).value();
  return window;
}

std::vector<configuration::MaintenanceWindow> draw_windows(Random& random) {
  std::vector<configuration::MaintenanceWindow> windows;
  while (windows.size() < 3 && random.chance(0.6)) {
    windows.push_back(draw_window(random));
  }
  return windows;
}

std::string words(const std::vector<configuration::MaintenanceWindow>& windows) {
  std::string all;
  for (const auto& window : windows) {
    all += fmt::format(" [{} (Sat to Sun) {} to {} min {}]", window.days.to_string(), window.from.count(),
                       window.to.count(), window.timezone.name());
  }
  return all;
}

struct Words {
  std::string operator()(seconds fixed) const { return format_duration(fixed); }
  std::string operator()(LifetimeShare share) const { return fmt::format("{:.1f}%", share.value * 100); }
};

}  // namespace

Setup draw_setup(Random& random, Windows windows) {
  Setup setup{};
  setup.lifetime = random.chance(0.7) ? seconds(days(365)) : whole(random.spread(days(7), days(400)));
  setup.certificate.name = "production";
  setup.certificate.renew_before = draw_renew_before(random);
  setup.certificate.gateway.rollback = random.chance(0.7);
  if (windows == Windows::some) {
    setup.certificate.renew_windows = draw_windows(random);
    setup.certificate.activate_windows = draw_windows(random);
    setup.certificate.override_windows_before = whole(random.between(days(1), days(10)));
  }
  auto& schedule = setup.schedule;
  schedule.check_every = random.chance(0.5) ? seconds(12h) : whole(random.spread(10min, days(3)));
  schedule.splay = random.chance(0.5) ? seconds(24h) : whole(random.between(0s, days(10)));
  schedule.retry_at_least = whole(random.spread(10s, 1h));
  schedule.retry_at_most = random.chance(0.3) ? seconds(12h) : whole(random.spread(2h, 24h));
  if (random.chance(0.1)) {
    schedule.retry_at_most = whole(random.spread(schedule.retry_at_least, 24h));
  }
  schedule.requests_per_day = static_cast<unsigned>(random.between(std::int64_t{1}, std::int64_t{24}));
  setup.offset = renewal::splay_offset(fmt::format("{:016x}", random.bits()), setup.certificate.name, schedule.splay);
  return setup;
}

std::string describe(const Setup& setup) {
  const auto& schedule = setup.schedule;
  return fmt::format(
      "a certificate of {}, renew_before {}, splay {} (offset {}), check_every {}, retries {} to {}, "
      "requests_per_day {}, rollback {}, renew_windows{}, activate_windows{}, override_windows_before {}",
      format_duration(setup.lifetime), std::visit(Words{}, setup.certificate.renew_before),
      format_duration(schedule.splay), format_duration(setup.offset), format_duration(schedule.check_every),
      format_duration(schedule.retry_at_least), format_duration(schedule.retry_at_most), schedule.requests_per_day,
      setup.certificate.gateway.rollback, words(setup.certificate.renew_windows),
      words(setup.certificate.activate_windows), format_duration(setup.certificate.override_windows_before));
}

}  // namespace renewd::testing
