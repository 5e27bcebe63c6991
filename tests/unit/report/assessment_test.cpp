#include "report/assessment.hpp"

#include <set>

#include "assessment_cases.hpp"
#include "report/summary.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/renewal/windows.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::report;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

Severity severity_of(const renewd::testing::Situation& situation, const Thresholds& thresholds = {}) {
  return assess(standing_in(situation), thresholds, kNow).severity();
}

Threshold at_least(double days) {
  return {.start = days};
}

std::string text_of(const std::vector<std::pair<FindingKind, Severity>>& findings) {
  std::string text;
  for (const auto& [kind, severity] : findings) {
    text += std::string(to_string(severity)) + " " + std::string(to_string(kind)) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("assess() lists the findings of a certificate, the worst first") {
  std::set<FindingKind> seen;
  for (const AssessmentCase& test : assessment_cases()) {
    INFO(test.name);
    std::vector<std::pair<FindingKind, Severity>> found;
    for (const Finding& finding : assess(test.standing, {}, kNow).findings) {
      found.emplace_back(finding.kind, finding.severity);
      seen.insert(finding.kind);
      CHECK_FALSE(finding.message.empty());
    }
    CHECK(text_of(found) == text_of(test.findings));
  }
  // Every kind has a case.
  CHECK(seen.size() == static_cast<std::size_t>(FindingKind::longer_lasting_stored) + 1);
}

TEST_CASE("the documentation has every kind of finding") {
  const std::string documented = read_file(std::filesystem::path(DOCUMENTATION) / "status.md");
  for (const AssessmentCase& test : assessment_cases()) {
    for (const auto& [kind, severity] : test.findings) {
      CHECK_THAT(documented, ContainsSubstring("| `" + std::string(to_string(kind)) + "` |"));
    }
  }
}

TEST_CASE("the case of a maintenance window really waits for one") {
  for (const AssessmentCase& test : assessment_cases()) {
    if (test.name == "three days left, waiting for a maintenance window") {
      CHECK(test.standing.outlook->step.reason == Reason::maintenance_window);
      CHECK_THAT(summary(test.standing, kNow),
                 StartsWith("production CRITICAL: 3 days left") &&
                     EndsWith("renewal on 2026-11-25 02:12 UTC (maintenance window Wed 02:12 local time)"));
      return;
    }
  }
  FAIL("there is no such case");
}

TEST_CASE("the summary fits into STATUS= even with long messages, and says what comes next") {
  std::map<std::string, CertificateStatus> standings;
  for (const std::string name : {"a", "b", "c", "d"}) {
    auto standing = standing_in({.name = name, .left = 3 * 24h});
    standing.replacement_problem = Problem{std::string(4000, 'x') + "\n" + std::string(4000, '\x01')};
    standings.emplace(name, std::move(standing));
  }
  const std::string text = summary(standings, kNow);
  CHECK(text.size() < 4000);  // systemd ignores a message of more than 4096 bytes
  CHECK_THAT(text, StartsWith("a CRITICAL: 3 days left") && ContainsSubstring("being renewed; b CRITICAL: ") &&
                       EndsWith("being renewed; and 1 more"));
}

TEST_CASE("a finding that alerts says what to do, and nothing else does") {
  const auto advice_of = [](const CertificateStatus& standing) { return assess(standing, {}, kNow).advice(); };
  for (const AssessmentCase& test : assessment_cases()) {
    INFO(test.name);
    const auto assessment = assess(test.standing, {}, kNow);
    CHECK((assessment.severity() != Severity::critical || !assessment.advice().empty()));
  }
  CHECK(advice_of(standing_in({})).empty());
  CHECK(advice_of(standing_in({.left = 29 * 24h})).empty());  // the daemon renews it
  CHECK_THAT(advice_of(standing_in({.left = 3 * 24h})), ContainsSubstring("gravitee-renewd renew production"));
  CHECK_THAT(advice_of(standing_in({.left = 3 * 24h, .renew = configuration::RenewMode::never})),
             ContainsSubstring("renew: never"));
  CHECK_THAT(advice_of(standing_in({.left = 29 * 24h, .renew = configuration::RenewMode::never})),
             ContainsSubstring("renew: never"));
  CHECK_THAT(advice_of(standing_in({.left = 3 * 24h, .attempts = failed(2, "unauthorized", "")})),
             ContainsSubstring("Account Tokens"));
  auto standing = standing_in({});
  standing.in_use = another_in_use(3 * 24h);
  CHECK_THAT(advice_of(standing), ContainsSubstring("gravitee-renewd activate production"));
  // An older keystore was put back: not to be activated.
  standing.in_use = another_in_use(400 * 24h);
  standing.in_use->not_before = kNow - 400 * 24h;
  CHECK_THAT(advice_of(standing), ContainsSubstring("gravitee-renewd activate production"));
  // An older keystore was put back: activating it would make it worse.
  standing.longer_lasting = {2, another_in_use(400 * 24h)};
  CHECK_THAT(advice_of(standing),
             ContainsSubstring("gravitee-renewd rollback production --to 2") && !ContainsSubstring("activate"));
  standing = standing_in({.left = 3 * 24h});
  standing.longer_lasting = {2, another_in_use(364 * 24h)};
  CHECK_THAT(assess(standing, {}, kNow).findings.back().advice,
             ContainsSubstring("gravitee-renewd rollback production --to 2"));
  standing = unreadable("production");
  CHECK_THAT(advice_of(standing), ContainsSubstring("gravitee-renewd validate"));
  standing.outlook.error().advice = "copy it back";
  CHECK(advice_of(standing) == "copy it back");
}

TEST_CASE("advice follows the cause of a failure, if it is known, and not its class") {
  const auto advice_of = [](const CertificateStatus& standing) { return assess(standing, {}, kNow).advice(); };
  state::RetryState attempts = failed(2, "tls", "the server's certificate is not valid by this host's clock");
  attempts.last_advice = "set the clock";
  CHECK(advice_of(standing_in({.left = 3 * 24h, .attempts = attempts})) == "set the clock");
  attempts.last_advice.clear();
  CHECK_THAT(advice_of(standing_in({.left = 3 * 24h, .attempts = attempts})), !ContainsSubstring("ca_file"));

  auto standing = standing_in({});
  standing.token_problem = Problem{"the account token cannot be used"};
  CHECK_THAT(advice_of(standing), !ContainsSubstring("create a new"));
  standing.token_problem->advice = "chown it";
  CHECK(advice_of(standing) == "chown it");

  standing = standing_in({});
  standing.replacement_problem = Problem{"Permission denied"};
  CHECK_THAT(advice_of(standing), !ContainsSubstring("init --permissions"));
  standing.replacement_problem->advice = "chown it";
  CHECK(advice_of(standing) == "chown it");

  standing = unreadable("production");
  standing.outlook.error().advice = "chown it";
  CHECK(advice_of(standing) == "chown it");
}

TEST_CASE("while an activation is pending, no advice names another command") {
  renewd::testing::Situation installed{
      .left = 364 * 24h, .unfinished = journal_at(state::Phase::installed), .in_use = false};
  for (const std::chrono::seconds left : {3 * 24h, -1h}) {
    for (const unsigned failures : {0U, 1U}) {
      installed.attempts = failures == 0 ? state::RetryState() : failed(failures, "gateway", "the unit has failed");
      auto standing = standing_in(installed);
      standing.replaced = another_in_use(left);
      std::string all;
      for (const Finding& finding : assess(standing, {}, kNow).findings) {
        all += finding.advice + "\n";
      }
      CHECK_THAT(all, ContainsSubstring("gravitee-renewd activate production") && !ContainsSubstring("renewd renew"));
    }
  }
  CHECK_THAT(
      assess(standing_in({.left = 29 * 24h, .attempts = failed(1, "gateway", "rolled back")}), {}, kNow).advice(),
      EndsWith("to retry now, run gravitee-renewd renew production"));
  auto member = standing_in({.left = 29 * 24h, .attempts = failed(1, "gateway", "rolled back")});
  member.fleet = state::FleetStatus{};
  CHECK_THAT(assess(member, {}, kNow).advice(), EndsWith("gravitee-renewd fleet status production"));
}

TEST_CASE("with a clock in doubt, its consequences lead to the clock") {
  auto standing = standing_in({.left = 57 * 365 * 24h, .unfinished = journal_at(state::Phase::answered)});
  standing.attempts = failed(9, "tls", "certificate is not yet valid");
  standing.attempts.last_advice = "trust it";
  for (const Finding& finding : assess(standing, {}, kNow).findings) {
    INFO(to_string(finding.kind));
    CHECK((finding.advice.empty() || finding.advice.find("timedatectl") != std::string::npos));
  }
}

TEST_CASE("days count until the first expiry, rounded down") {
  const auto days_of = [](const CertificateStatus& standing) { return assess(standing, {}, kNow).days; };
  CHECK(days_of(standing_in({})) == 312);
  CHECK(days_of(standing_in({.left = -1h})) == -1);
  CHECK(days_of(standing_in({.left = 25h})) == 1);
  auto standing = standing_in({});
  standing.in_use = another_in_use(3 * 24h);
  CHECK(days_of(standing) == 3);
  standing.in_use = another_in_use(400 * 24h);
  CHECK(days_of(standing) == 312);
  CHECK_FALSE(days_of(unreadable("production")));
  // The clock of a host that has just booted without a battery: this certificate begins in 56 years.
  CHECK_FALSE(days_of(standing_in({.left = 57 * 365 * 24h})));
}

TEST_CASE("a renewal window of a few days warns before it turns critical") {
  const renewd::testing::Situation short_lived{.left = 90h, .life = 7 * 24h, .renew_before = std::chrono::days(4)};
  const auto assessment = assess(standing_in(short_lived), {}, kNow);
  CHECK(assessment.severity() == Severity::ok);
  CHECK(assessment.warning == at_least(3.5));  // half of its life
  CHECK(assessment.critical == at_least(1.75));
}

TEST_CASE("thresholds can be overridden") {
  CHECK(severity_of({.left = 59 * 24h}, {.warning = at_least(60)}) == Severity::warning);
  CHECK(severity_of({.left = 29 * 24h}, {.warning = at_least(10)}) == Severity::ok);
  CHECK(severity_of({.left = 29 * 24h}, {.critical = at_least(30)}) == Severity::critical);
  CHECK(assess(standing_in({}), {.warning = at_least(4)}, kNow).critical == at_least(2));
}

TEST_CASE("the message says why a certificate with many days left alerts") {
  const auto assessment = assess(standing_in({}), {.warning = Threshold{.end = 100}}, kNow);
  CHECK(assessment.severity() == Severity::warning);
  CHECK(assessment.message() == "312 days left, renewal on 2027-09-02 09:12 UTC, outside ~:100");
}

TEST_CASE("what is planned has its date, and what is overdue says since when") {
  const auto message_of = [](const CertificateStatus& standing) { return assess(standing, {}, kNow).message(); };
  const auto day = std::chrono::days(1);
  CHECK(message_of(standing_in({})) == "312 days left, renewal on 2027-09-02 09:12 UTC");
  CHECK(message_of(standing_in({.left = 30 * day})) == "30 days left, renewal on 2026-11-24 09:12 UTC");
  renewd::testing::Situation waiting{.left = 28 * day, .activate_windows = {window("sun 02:00-05:00 Europe/Paris")}};
  waiting.unfinished = journal_at(state::Phase::answered);
  CHECK(message_of(standing_in(waiting)) ==
        "28 days left, activation on 2026-11-29 01:12 UTC (maintenance window Sun 02:12 Europe/Paris)");
  CHECK(message_of(standing_in({.left = 30 * day - 3h - 12min})) == "29 days left, renewal due now");
  CHECK(message_of(standing_in({.left = 29 * day})) ==
        "29 days left, inside the renewal window, due since 2026-11-23 09:12 UTC");
  auto without_disk = standing_in({.unfinished = journal_at(state::Phase::answered)});
  CHECK(message_of(without_disk) == "312 days left, renewal under way");
  without_disk.state_problem = Problem{"the disk is full"};
  CHECK_THAT(message_of(without_disk), EndsWith("the disk is full, 312 days left"));
  auto attempts = failed(3, "tls", "message");
  attempts.failing_since = kNow - day;
  CHECK_THAT(message_of(standing_in({.left = 29 * day, .attempts = attempts})),
             ContainsSubstring("renewal failed 3 times in a row (tls) since 2026-11-23 06:00 UTC"));
}

TEST_CASE("a planned renewal lowers the default threshold, never one that was given") {
  const CertificateStatus planned = standing_in({.left = 30 * 24h - 1s});
  CHECK(assess(planned, {}, kNow).warning == at_least(29));
  CHECK(assess(planned, {.warning = at_least(30)}, kNow).severity() == Severity::warning);
  CHECK(assess(standing_in({}), {}, kNow).warning == at_least(30));
}

TEST_CASE("an unreadable keystore keeps its last known expiry") {
  CertificateStatus standing = unreadable("production");
  standing.attempts.known_not_after = kNow + 40 * 24h + 1h;
  const auto assessment = assess(standing, {}, kNow);
  CHECK(assessment.days == 40);
  CHECK(assessment.severity() == Severity::critical);
  CHECK_THAT(assessment.message(),
             EndsWith("; the certificate that was last read from it expires in 40 days, at 2027-01-03 07:00 UTC"));
  CHECK_THAT(assess(standing, {}, kNow + 50 * 24h).message(), EndsWith("expired at 2027-01-03 07:00 UTC"));
}

TEST_CASE("the worst certificate comes first, an outage before all, and among equals the one that expires first") {
  const CertificateStatus fine = standing_in({.name = "a"});
  const CertificateStatus due = standing_in({.name = "b", .left = 29 * 24h});
  const CertificateStatus due_earlier = standing_in({.name = "c", .left = 28 * 24h});
  CertificateStatus old_in_use = standing_in({.name = "d", .left = 364 * 24h});
  old_in_use.in_use = another_in_use(3 * 24h);
  const CertificateStatus broken = unreadable("e");
  CertificateStatus broken_and_expired = unreadable("f");
  broken_and_expired.attempts.known_not_after = kNow - 1h;
  CertificateStatus down = standing_in({.name = "g"});
  down.gateway = gateway::GatewayState{gateway::Health::down, "gateway.service has failed", "gateway.service"};
  const CertificateStatus expired = standing_in({.name = "h", .left = -2 * 24h});
  std::string order;
  std::vector<Assessed> all;
  for (const CertificateStatus* const standing : std::initializer_list<const CertificateStatus*>{
           &fine, &due, &due_earlier, &old_in_use, &broken, &broken_and_expired, &down, &expired}) {
    all.push_back({standing, assess(*standing, {}, kNow)});
  }
  std::sort(all.begin(), all.end(), is_more_urgent);
  for (const Assessed& one : all) {
    order += one.standing->name;
  }
  CHECK(order == "hfgedcba");
}
