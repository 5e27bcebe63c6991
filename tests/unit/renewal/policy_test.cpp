#include "renewal/policy.hpp"

#include <algorithm>
#include <array>

#include "renewal/host.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace std::chrono_literals;
using configuration::CertificateSettings;
using configuration::LifetimeShare;
using std::chrono::days;
using std::chrono::seconds;

namespace {

constexpr std::chrono::sys_seconds kStart{1'700'000'000s};
constexpr Validity kYear{kStart, kStart + days(365)};

CertificateSettings certificate(configuration::RenewBefore renew_before = days(30)) {
  CertificateSettings settings;
  settings.name = "production";
  settings.renew_before = renew_before;
  return settings;
}

}  // namespace

TEST_CASE("a certificate comes due when its window opens") {
  struct Case {
    std::string what;
    seconds since_issue;
    bool due;
    Reason reason;
    seconds next;  // since issue
  };
  const auto [what, since_issue, due, reason, next] = GENERATE(values<Case>({
      {"new", 0s, false, Reason::not_due, days(335)},
      {"a second early", days(335) - 1s, false, Reason::not_due, days(335)},
      {"at the moment", days(335), true, Reason::window_open, days(335)},
      {"late", days(360), true, Reason::window_open, days(360)},
      {"a second before expiry", days(365) - 1s, true, Reason::window_open, days(365) - 1s},
      {"at expiry", days(365), true, Reason::expired, days(365)},
      {"long expired", days(900), true, Reason::expired, days(900)},
      {"our clock is behind", -days(1), false, Reason::not_yet_valid, 0s},
      {"our clock is behind by minutes", -seconds(240), false, Reason::not_due, days(335)},
  }));
  CAPTURE(what);
  const auto decision = decide(kYear, certificate(), 0s, kStart + since_issue);
  CHECK(decision.due == due);
  CHECK(decision.reason == reason);
  CHECK(decision.next == kStart + next);
  CHECK_FALSE(decision.message.empty());
}

TEST_CASE("the window may be a share of the lifetime, and is never longer than half of it") {
  CHECK(window_opens(kYear, LifetimeShare{0.25}) == kYear.not_after - seconds(days(365)) / 4);
  CHECK(window_opens(kYear, seconds(days(30))) == kYear.not_after - days(30));
  CHECK(window_opens(kYear, seconds(days(3650))) == kYear.not_after - seconds(days(365)) / 2);
  CHECK(window_opens(kYear, LifetimeShare{0.9}) == kYear.not_after - seconds(days(365)) / 2);
  const Validity backwards{kStart, kStart - 1h};
  CHECK(window_opens(backwards, seconds(days(30))) == backwards.not_after);
}

TEST_CASE("a window longer than the lifetime of new certificates does not renew forever") {
  struct Case {
    std::string why;
    configuration::RenewBefore renew_before;
    days lifetime;
    seconds due;  // since issue
    bool says_so;
  };
  const auto [why, renew_before, lifetime, due, says_so] = GENERATE(values<Case>({
      {"shorter than half", days(30), days(365), days(335), false},
      {"just half", days(30), days(60), days(30), false},
      {"longer than half", days(200), days(365), days(182) + 12h, true},
      {"as long as the life", days(365), days(365), days(182) + 12h, true},
      {"longer than the life", days(365), days(90), days(45), true},
      {"a large share", LifetimeShare{0.99}, days(90), days(45), true},
  }));
  CAPTURE(why);
  const Validity validity{kStart, kStart + lifetime};
  const auto fresh = decide(validity, certificate(renew_before), 0s, kStart);
  CHECK_FALSE(fresh.due);
  CHECK(fresh.next == kStart + due);
  CHECK((fresh.message.find("`renew_before`") != std::string::npos) == says_so);
  CHECK(decide(validity, certificate(renew_before), 0s, kStart + due).reason == Reason::window_open);
}

TEST_CASE("the splay is added to the time when the window opens") {
  const auto at = [](seconds since_issue) { return decide(kYear, certificate(), 6h, kStart + since_issue); };
  CHECK(at(days(335) - 1s).reason == Reason::not_due);
  CHECK(at(days(335)).reason == Reason::splay);
  CHECK_FALSE(at(days(335) + 6h - 1s).due);
  CHECK(at(days(335)).next == kStart + days(335) + 6h);
  CHECK(at(days(335) + 6h).due);
  // A host that comes late does not wait again.
  CHECK(at(days(350)).due);
}

TEST_CASE("the splay never takes more than half of what is left") {
  const auto decision = decide(kYear, certificate(seconds(2h)), days(30), kYear.not_after - 90min);
  CHECK(decision.reason == Reason::splay);
  CHECK(decision.next == kYear.not_after - 1h);
}

TEST_CASE("with renew: never, a certificate is only watched") {
  auto settings = certificate();
  settings.renew = configuration::RenewMode::never;
  for (const seconds since_issue : {seconds(0), seconds(days(350)), seconds(days(400))}) {
    const auto decision = decide(kYear, settings, 0s, kStart + since_issue);
    CHECK_FALSE(decision.due);
    CHECK(decision.reason == Reason::never);
    CHECK(decision.next >= kStart + since_issue);
  }
}

TEST_CASE("hosts differ by machine id or by name, and an invalid machine id does not count") {
  const std::string id = "3f2b8c0d9e1a4b5c8d7e6f5a4b3c2d1e";
  CHECK(host_identity(id + "\n", "a") == host_identity(id, "a"));
  CHECK(host_identity(id, "a") != host_identity(id, "b"));
  CHECK(host_identity(id, "a") != host_identity("0" + id.substr(1), "a"));
  for (const std::string none : {"uninitialized\n", "", "\n", "abc\n"}) {
    INFO(none);
    CHECK(host_identity(none, "a") == host_identity("", "a"));
    CHECK(host_identity(none, "a") != host_identity(none, "b"));
  }
}

TEST_CASE("while a certificate is not valid yet, nothing is planned, whatever the configuration says") {
  const std::chrono::sys_seconds end = std::chrono::sys_days(std::chrono::year(2027) / 11 / 24);
  const Validity validity{end - days(365), end};
  for (const auto renew : {configuration::RenewMode::automatic, configuration::RenewMode::never}) {
    configuration::CertificateSettings settings;
    settings.renew = renew;
    for (const TimePoint now : {TimePoint(), TimePoint(std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)),
                                TimePoint(validity.not_before - 6min)}) {
      const Decision decision = decide(validity, settings, 0s, now);
      CHECK_FALSE(decision.due);
      CHECK(decision.reason == Reason::not_yet_valid);
      CHECK(decision.next == validity.not_before);
      CHECK_THAT(decision.message, ContainsSubstring("this host's clock"));
    }
    // As far as clocks may differ.
    CHECK(decide(validity, settings, 0s, validity.not_before - 5min).reason != Reason::not_yet_valid);
  }
}

TEST_CASE("the splay is stable, differs by host and certificate, and fills its span evenly") {
  CHECK(splay_offset("host", "production", 24h) == splay_offset("host", "production", 24h));
  CHECK(splay_offset("host", "production", 0s) == 0s);
  CHECK(splay_offset("host-1", "production", 24h) != splay_offset("host-2", "production", 24h));
  CHECK(splay_offset("host", "production", 24h) != splay_offset("host", "staging", 24h));

  constexpr int kHosts = 24'000;
  std::array<int, 24> hours{};
  for (int host = 0; host < kHosts; ++host) {
    const auto offset = splay_offset("host-" + std::to_string(host), "production", 24h);
    REQUIRE(offset >= 0s);
    REQUIRE(offset < 24h);
    ++hours.at(static_cast<std::size_t>(offset / 1h));
  }
  CHECK(*std::max_element(hours.begin(), hours.end()) < kHosts / 24 * 12 / 10);
  CHECK(*std::min_element(hours.begin(), hours.end()) > kHosts / 24 * 8 / 10);
}
