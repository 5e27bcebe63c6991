// The policy where maintenance windows restrict it.
#include <random>

#include "renewal/maintenance_windows.hpp"
#include "renewal/policy.hpp"
#include "support/catch.hpp"
#include "windows.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using configuration::CertificateSettings;
using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::utc;
using testing::window;

namespace {

// A year until Tuesday 2026-12-01 00:00: the renewal window opens on Sunday 2026-11-01, and windows are ignored from
// Tuesday 2026-11-24 on.
const Validity kYear{utc("2025-12-01 00:00"), utc("2026-12-01 00:00")};

CertificateSettings certificate(const std::vector<std::string>& windows) {
  CertificateSettings settings;
  settings.name = "production";
  for (const auto& text : windows) {
    settings.renew_windows.push_back(window(text));
  }
  settings.activate_windows = settings.renew_windows;
  return settings;
}

const std::vector<std::string> kWeekend{"sat sun 02:00-05:00 Europe/Paris"};
const std::vector<std::string> kThirdOfNovember{"tue 10:00-11:00 UTC"};

}  // namespace

TEST_CASE("a renewal waits for a maintenance window, and never past the override") {
  struct Case {
    std::string why;
    std::vector<std::string> windows;
    seconds offset;
    std::string now;
    bool due;
    Reason reason;
    std::string next;  // empty: now
  };
  const auto [why, windows, offset, now, due, reason, next] = GENERATE(values<Case>({
      {"long before", kWeekend, 0s, "2026-06-01 00:00", false, Reason::not_due, "2026-11-01 01:00"},
      {"the day before", kThirdOfNovember, 0s, "2026-10-31 00:00", false, Reason::not_due, "2026-11-03 10:00"},
      {"the renewal window opened outside", kThirdOfNovember, 0s, "2026-11-01 00:00", false, Reason::maintenance_window,
       "2026-11-03 10:00"},
      {"a second before", kThirdOfNovember, 0s, "2026-11-03 09:59:59", false, Reason::maintenance_window,
       "2026-11-03 10:00"},
      {"it opens", kThirdOfNovember, 0s, "2026-11-03 10:00", true, Reason::window_open, ""},
      {"its last second", kThirdOfNovember, 0s, "2026-11-03 10:59:59", true, Reason::window_open, ""},
      {"came late: the next week", kThirdOfNovember, 0s, "2026-11-03 11:00", false, Reason::maintenance_window,
       "2026-11-10 10:00"},
      {"came very late: windows are ignored before the next", kThirdOfNovember, 0s, "2026-11-17 11:00", false,
       Reason::maintenance_window, "2026-11-24 00:00"},
      {"overridden", kThirdOfNovember, 0s, "2026-11-24 00:00", true, Reason::windows_overridden, ""},
      {"overridden, in a window all the same", kThirdOfNovember, 0s, "2026-11-24 10:30", true, Reason::window_open, ""},
      {"a second before expiry", kThirdOfNovember, 0s, "2026-11-30 23:59:59", true, Reason::windows_overridden, ""},
      {"expired", kThirdOfNovember, 0s, "2026-12-01 00:00", true, Reason::expired, ""},

      {"the splay ends within a window", kWeekend, 2h, "2026-11-01 00:30", false, Reason::splay, "2026-11-01 02:00"},
      {"the splay ends outside: a place in the next", kThirdOfNovember, 10min, "2026-11-01 12:00", false,
       Reason::maintenance_window, "2026-11-03 10:10"},
      {"its place has not come", kThirdOfNovember, 10min, "2026-11-03 10:05", false, Reason::maintenance_window,
       "2026-11-03 10:10"},
      {"its place in a window it comes late to", kThirdOfNovember, 10min, "2026-11-10 10:00", false,
       Reason::maintenance_window, "2026-11-10 10:10"},
      {"its place has come", kThirdOfNovember, 10min, "2026-11-03 10:10", true, Reason::window_open, ""},

      {"a long splay: the first one after it, not the first of all", kThirdOfNovember, days(15), "2026-11-02 00:00",
       false, Reason::maintenance_window, "2026-11-17 10:00"},
      {"a window before the end of a long splay is not its own",
       {"wed 10:00-11:00 UTC"},
       days(15),
       "2026-11-11 10:30",
       false,
       Reason::maintenance_window,
       "2026-11-18 10:00"},
      {"every day swallows nothing", {"UTC"}, 0s, "2026-11-01 00:00", true, Reason::window_open, ""},
  }));
  CAPTURE(why, now);
  const auto decision = decide(kYear, certificate(windows), offset, utc(now));
  CHECK(decision.due == due);
  CHECK(to_string(decision.reason) == to_string(reason));
  CHECK(decision.next == utc(next.empty() ? now : next));
}

TEST_CASE("a window that opens once before the override is not missed because of the splay") {
  auto settings = certificate({"sat 02:00-05:00 UTC"});
  settings.override_windows_before = days(19);  // 2026-11-12; Saturdays are the 7th and the 14th
  // The turn is on the 10th: the 14th is too late, the 7th is not.
  const auto decision = decide(kYear, settings, days(9), utc("2026-11-02 00:00"));
  CHECK(decision.next == utc("2026-11-07 02:00"));
  CHECK(decide(kYear, settings, days(9), utc("2026-11-07 02:00")).reason == Reason::window_open);
  // Having missed it, the host has until the override.
  CHECK(decide(kYear, settings, days(9), utc("2026-11-08 00:00")).next == utc("2026-11-12 00:00"));
}

TEST_CASE("without a window before the override, windows are ignored from then on") {
  auto settings = certificate({"sat 02:00-05:00 UTC"});
  settings.override_windows_before = days(26);  // 2026-11-05
  const auto decision = decide(kYear, settings, 1h, utc("2026-11-02 00:00"));
  CHECK(decision.reason == Reason::maintenance_window);
  CHECK(decision.next == utc("2026-11-05 00:00"));
  CHECK_THAT(decision.message,
             ContainsSubstring("2026-11-05T00:00:00Z") && ContainsSubstring("override_windows_before"));
  CHECK(decide(kYear, settings, 1h, utc("2026-11-05 00:00")).reason == Reason::windows_overridden);
}

TEST_CASE("an override longer than the renewal window ignores windows, not the splay") {
  auto settings = certificate(kWeekend);
  settings.override_windows_before = days(60);
  CHECK(decide(kYear, settings, 7h, utc("2026-11-01 00:00")).next == utc("2026-11-01 07:00"));
  CHECK(decide(kYear, settings, 7h, utc("2026-11-01 07:00")).reason == Reason::windows_overridden);
}

TEST_CASE("the message names the slot and the zone") {
  const auto settings = certificate({"sat 02:00-05:00 Europe/Paris"});
  const auto message = [&](const std::string& now) { return decide(kYear, settings, 0s, utc(now)).message; };
  const auto slot = ContainsSubstring("2026-11-07T01:00:00Z");
  const auto zone = ContainsSubstring("(Sat 02:00 Europe/Paris)");
  CHECK_THAT(message("2026-10-25 00:00"), ContainsSubstring("37 days") && slot && zone);
  CHECK_THAT(message("2026-11-02 00:00"), ContainsSubstring("29 days") && slot && zone);
  CHECK_THAT(message("2026-11-25 00:00"), ContainsSubstring("6 days") && ContainsSubstring("override_windows_before"));
}

TEST_CASE("a renewed keystore waits for a maintenance window, and never past the override") {
  struct Case {
    std::string why;
    std::vector<std::string> windows;
    seconds offset;
    std::string now;
    bool due;
    Reason reason;
    std::string next;  // empty: now
  };
  const auto [why, windows, offset, now, due, reason, next] = GENERATE(values<Case>({
      {"no windows", {}, 1h, "2026-06-01 00:00", true, Reason::window_open, ""},
      {"forced long before", kThirdOfNovember, 0s, "2026-06-01 00:00", false, Reason::maintenance_window,
       "2026-06-02 10:00"},
      {"in a window", kThirdOfNovember, 0s, "2026-11-03 10:30", true, Reason::window_open, ""},
      {"its place has not come", kThirdOfNovember, 10min, "2026-11-03 10:05", false, Reason::maintenance_window,
       "2026-11-03 10:10"},
      {"outside", kThirdOfNovember, 10min, "2026-11-03 11:00", false, Reason::maintenance_window, "2026-11-10 10:10"},
      {"windows are ignored before the next", kThirdOfNovember, 0s, "2026-11-17 11:00", false,
       Reason::maintenance_window, "2026-11-24 00:00"},
      {"overridden", kThirdOfNovember, 0s, "2026-11-24 00:00", true, Reason::windows_overridden, ""},
      {"expired", kThirdOfNovember, 0s, "2026-12-02 00:00", true, Reason::expired, ""},
  }));
  CAPTURE(why, now);
  const auto decision = may_activate(kYear, certificate(windows), offset, utc(now));
  CHECK(decision.due == due);
  CHECK(to_string(decision.reason) == to_string(reason));
  CHECK(decision.next == utc(next.empty() ? now : next));
  CHECK_FALSE(decision.message.empty());
}

TEST_CASE("renewal and activation have separate windows") {
  auto settings = certificate(kThirdOfNovember);
  settings.activate_windows = {window("wed 10:00-11:00 UTC")};
  CHECK(decide(kYear, settings, 0s, utc("2026-11-03 10:30")).due);
  CHECK(may_activate(kYear, settings, 0s, utc("2026-11-03 10:30")).next == utc("2026-11-04 10:00"));
}

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int up_to(int most) { return std::uniform_int_distribution<int>(0, most)(engine_); }

 private:
  std::mt19937_64 engine_;
};

CertificateSettings random_settings(Random& random) {
  static const std::vector<std::string> kZones{"Europe/Paris", "America/New_York",    "Asia/Kolkata", "Pacific/Apia",
                                               "Africa/Cairo", "Australia/Lord_Howe", "UTC"};
  CertificateSettings settings;
  settings.renew_before = seconds(1 + random.up_to(400 * 86400));
  settings.override_windows_before = seconds(3600 + random.up_to(60 * 86400));
  for (int i = 1 + random.up_to(2); i > 0; --i) {
    auto made = window(kZones[static_cast<std::size_t>(random.up_to(6))]);
    made.days = std::bitset<7>(static_cast<unsigned>(1 + random.up_to(126)));
    made.from = std::chrono::minutes(random.up_to(1438));
    made.to = std::chrono::minutes(random.up_to(1) == 0 ? made.from.count() + 1 : random.up_to(1440));
    if (made.to == made.from) {
      made.to = 24h;
    }
    settings.renew_windows.push_back(made);
  }
  settings.activate_windows = settings.renew_windows;
  return settings;
}

}  // namespace

TEST_CASE("a decision to wait becomes due at that moment, in time and in a window") {
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const CertificateSettings settings = random_settings(random);
    const sys_seconds birth = utc("2010-01-01 00:00") + seconds(random.up_to(30 * 365 * 86400));
    const Validity validity{birth, birth + seconds(1 + random.up_to(random.up_to(1) == 0 ? 86400 : 400 * 86400))};
    const seconds lifetime = validity.not_after - validity.not_before;
    const seconds offset(random.up_to(3) == 0 ? 0 : random.up_to(30 * 86400));
    const TimePoint now = birth + seconds(random.up_to(static_cast<int>(lifetime.count()))) +
                          std::chrono::milliseconds(random.up_to(999));
    const auto latest = validity.not_after - settings.override_windows_before;

    const auto check = [&](const Decision& first, const auto& ask) {
      const TimePoint then = first.due ? now : first.next;
      const Decision decision = first.due ? first : ask(then);
      CHECK(first.next >= now);
      CHECK((first.due || first.next > now));
      CHECK(decision.due);
      CHECK(then <= std::max<TimePoint>(validity.not_after, now));
      const auto second = std::chrono::floor<seconds>(then);
      const bool in_window = next_opening(settings.renew_windows, offset, second)->from <= second;
      if (decision.reason == Reason::window_open) {
        CHECK(in_window);
      } else if (decision.reason == Reason::windows_overridden) {
        CHECK_FALSE(in_window);
        CHECK(then >= latest);
      } else {
        CHECK(decision.reason == Reason::expired);
      }
    };
    check(decide(validity, settings, offset, now),
          [&](TimePoint then) { return decide(validity, settings, offset, then); });
    check(may_activate(validity, settings, offset, now),
          [&](TimePoint then) { return may_activate(validity, settings, offset, then); });

    const auto renewal = decide(validity, settings, offset, now);
    CHECK(renewal.next >= window_opens(validity, settings.renew_before));
  }
}

TEST_CASE("a daemon that checks only now and then renews before windows are ignored for long") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const CertificateSettings settings = random_settings(random);
    const sys_seconds birth = utc("2010-01-01 00:00") + seconds(random.up_to(30 * 365 * 86400));
    const Validity validity{birth, birth + days(365)};
    const seconds offset(random.up_to(86400));
    TimePoint now = birth;
    int looks = 0;
    Decision decision = decide(validity, settings, offset, now);
    while (!decision.due && ++looks < 10'000) {
      // It wakes at `next`, or for an earlier check.
      now = std::min<TimePoint>(decision.next, now + 12h + seconds(random.up_to(86400)));
      decision = decide(validity, settings, offset, now);
    }
    REQUIRE(decision.due);
    const auto opens = window_opens(validity, settings.renew_before);
    const auto turn = opens + std::min(offset, (validity.not_after - opens) / 2);
    CHECK(now >= opens);
    CHECK(now <= std::max<TimePoint>(turn, validity.not_after - settings.override_windows_before));
  }
}
