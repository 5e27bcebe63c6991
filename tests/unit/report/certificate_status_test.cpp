#include "report/certificate_status.hpp"

#include "report/assessment.hpp"
#include "report/status_board.hpp"
#include "report/summary.hpp"
#include "support/environment_variable.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::report;
using namespace renewd::testing;
using std::chrono::days;

namespace {

CertificateStatus look(World& world) {
  World::Objects objects(world);
  return look_at(world.filesystem, objects.keystore, world.settings, {.splay = std::chrono::seconds(0)},
                 world.directory / "state", world.clock.now());
}

std::string sentence(World& world) {
  return summary(look(world), world.clock.now());
}

}  // namespace

TEST_CASE("the status of a certificate is read without a daemon, and without changing anything") {
  World world;
  world.clock.time = world.clock.now() + days(6);
  const CertificateStatus standing = look(world);
  REQUIRE(standing.outlook);
  CHECK(standing.name == "production");
  CHECK(standing.outlook->step.act == Act::renew);
  CHECK_FALSE(standing.in_use);
  CHECK_FALSE(standing.activation_pending());
  CHECK(standing.last_success() == nullptr);
  CHECK_FALSE(std::filesystem::exists(world.directory / "state"));
}

TEST_CASE("an unusable token is reported, unless only the service can read it") {
  World world;
  CHECK_FALSE(look(world).token_problem);
  const auto with = [&](SecretSource source) {
    world.settings.token = std::move(source);
    return look(world).token_problem;
  };
  using Kind = SecretSource::Kind;
  const auto gone = with({.kind = Kind::file, .name = (world.directory / "gone").string(), .value = {}});
  REQUIRE(gone);
  CHECK_THAT(gone->message, StartsWith("the account token cannot be used: reading a secret from file"));
  CHECK_FALSE(with({.kind = Kind::env, .name = "NO_SUCH_VARIABLE_HERE", .value = {}}));
  CHECK_FALSE(with({.kind = Kind::credential, .name = "no-such-credential-here", .value = {}}));
  {
    // As in another unit, whose credentials these are.
    const EnvironmentVariable of_another("CREDENTIALS_DIRECTORY", world.directory.path().string());
    CHECK_FALSE(with({.kind = Kind::credential, .name = "no-such-credential-here", .value = {}}));
  }
  // The daemon is the service.
  World::Objects objects(world);
  const auto as_daemon = read_status(world.filesystem, objects.keystore, world.installed(), world.settings,
                                     world.directory / "state", world.clock.now(), Reader::daemon);
  CHECK(as_daemon.token_problem);
  world.settings.renew = configuration::RenewMode::never;
  CHECK_FALSE(with({.kind = Kind::file, .name = (world.directory / "gone").string(), .value = {}}));
}

TEST_CASE("after a renewal, the installed certificate is in use, and the renewal is in the history") {
  World world;
  REQUIRE(world.run());
  const CertificateStatus standing = look(world);
  REQUIRE(standing.outlook);
  REQUIRE(standing.in_use);
  CHECK(standing.in_use->serial == standing.outlook->certificate.serial());
  REQUIRE(standing.last_success() != nullptr);
  CHECK(standing.last_success()->fingerprint == standing.outlook->certificate.fingerprint_sha256());
  CHECK(std::chrono::abs(standing.last_success()->ended - world.clock.now()) < days(1));
  CHECK(standing.requests.size() == 1);
}

TEST_CASE("without roll-back, a gateway that does not come up with the new keystore is pending") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.activation = failure(ErrorKind::gateway, "does not start");
  REQUIRE_FALSE(world.run());
  const CertificateStatus standing = look(world);
  CHECK(standing.activation_pending());
}

TEST_CASE("until the gateway is seen to use the renewed keystore, the replaced certificate counts") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.activation = failure(ErrorKind::gateway, "does not start");
  REQUIRE_FALSE(world.run());
  const CertificateStatus standing = look(world);
  CHECK_FALSE(standing.in_use);  // no renewal has been verified yet
  REQUIRE(standing.replaced);
  const auto assessment = assess(standing, {}, world.clock.now());
  CHECK(assessment.days == 9);
  world.clock.time = world.clock.now() + days(11);
  CHECK(assess(standing, {}, world.clock.now()).severity() == Severity::critical);
  SECTION("but not afterwards") {
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK_FALSE(look(world).replaced);
    CHECK(assess(look(world), {}, world.clock.now()).severity() == Severity::ok);
  }
}

TEST_CASE("the status of an unreadable keystore shows everything else") {
  World world;
  REQUIRE(world.run());
  write_file(world.keystore, "damaged");
  const CertificateStatus standing = look(world);
  CHECK_FALSE(standing.outlook);
  CHECK(standing.in_use);
  CHECK(standing.history.size() == 1);
  CHECK_THAT(sentence(world), StartsWith("production CRITICAL: ") && ContainsSubstring(world.keystore.string()));
}

TEST_CASE("the advice on a keystore that is damaged or missing is a command, as far as a backup is stored") {
  World world;
  const auto advice = [&world] { return assess(look(world), {}, world.clock.now()).advice(); };
  SECTION("with a backup") {
    REQUIRE(world.run());
    write_file(world.keystore, "damaged");
    CHECK_THAT(advice(), ContainsSubstring("run gravitee-renewd rollback production --to 2, which"));
    std::filesystem::remove(world.keystore);
    CHECK_THAT(advice(), ContainsSubstring("run: install -o ") && ContainsSubstring(" -m 0640 ") &&
                             ContainsSubstring("/generations/2 " + world.keystore.string()));
  }
  SECTION("without one") {
    write_file(world.keystore, "damaged");
    CHECK_THAT(advice(), ContainsSubstring("Gravitee Cloud"));
    std::filesystem::remove(world.keystore);
    CHECK_THAT(advice(), ContainsSubstring("Gravitee Cloud"));
  }
}

TEST_CASE("the summary says how much time is left and what comes next") {
  World world;
  CHECK_THAT(sentence(world), StartsWith("production: 9 days left, renewal on "));
  world.clock.time = world.clock.now() + days(6);
  CHECK_THAT(sentence(world), StartsWith("production WARNING: 3 days left, "));
  world.clock.time = world.clock.now() + days(5);
  CHECK_THAT(sentence(world), StartsWith("production CRITICAL: expired 1 day"));
}

TEST_CASE("the summary of several certificates begins with the most urgent one") {
  World world;
  StatusBoard board;
  int changes = 0;
  board.on_change([&changes] { ++changes; });
  for (const char* name : {"b", "a", "d", "c", "unreadable"}) {
    World other;
    other.settings.name = name;
    if (name == std::string("unreadable")) {
      write_file(other.keystore, "");
    } else if (name == std::string("b")) {
      write_file(other.keystore, keystores().renewed);
    }
    board.publish(look(other));
  }
  const std::string text = summary(board.standings(), world.clock.now());
  CHECK_THAT(text, StartsWith("unreadable CRITICAL: ") && ContainsSubstring("; a: 9 days left"));
  CHECK_THAT(text, EndsWith("; and 2 more"));
  board.remove("a");
  CHECK_THAT(summary(board.standings(), world.clock.now()), !ContainsSubstring("a: 9 days"));
  CHECK(changes == 6);
}

TEST_CASE("a gateway that started after the keystore was replaced by hand uses it") {
  World world;
  REQUIRE(world.run());
  write_file(world.keystore, keystores().newest);
  World::Objects objects(world);
  CertificateStatus standing = look(world);
  REQUIRE_FALSE(standing.installed_is_in_use());
  const TimePoint placed_at = objects.keystore.placed_at().value();
  const auto running_since = [&](TimePoint since, gateway::Health health = gateway::Health::up) {
    gateway::GatewayState up{gateway::Health::up, "fake.service is running", "fake.service"};
    up.running_since = since;
    up.health = health;
    return add_examination(standing, objects.keystore, {.state = up});
  };
  CHECK_FALSE(add_examination(standing, objects.keystore, {}));
  CHECK_FALSE(running_since(placed_at - std::chrono::seconds(1)));
  CHECK_FALSE(standing.installed_is_in_use());
  CHECK_FALSE(running_since(placed_at + std::chrono::seconds(1), gateway::Health::changing));
  CHECK(running_since(placed_at + std::chrono::seconds(1)));
  CHECK(standing.installed_is_in_use());
  CHECK_FALSE(running_since(placed_at + std::chrono::seconds(1)));  // no news
}

TEST_CASE("what a running gateway uses is known before the first renewal, so that a replacement by hand shows") {
  World world;
  World::Objects objects(world);
  CertificateStatus standing = look(world);
  REQUIRE_FALSE(standing.in_use);
  gateway::GatewayState up{gateway::Health::up, "fake.service is running", "fake.service"};
  const TimePoint placed_at = objects.keystore.placed_at().value();
  up.running_since = placed_at - std::chrono::seconds(1);
  CHECK_FALSE(add_examination(standing, objects.keystore, {.state = up}));
  CHECK_FALSE(standing.in_use);
  up.running_since = placed_at + std::chrono::seconds(1);
  CHECK(add_examination(standing, objects.keystore, {.state = up}));
  CHECK(standing.installed_is_in_use());
}

TEST_CASE("an older keystore in the place of a renewed one is a warning that names the stored one") {
  World world;
  REQUIRE(world.run());
  write_file(world.keystore, keystores().installed);
  const auto assessment = assess(look(world), {}, world.clock.now());
  CHECK(assessment.findings.front().kind == FindingKind::older_keystore_installed);
  CHECK_THAT(assessment.advice(), ContainsSubstring("rollback production --to 2"));
  REQUIRE(world.restore(2));
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(assess(look(world), {}, world.clock.now()).severity() == Severity::ok);
  // What a roll-back gave up is not what it restored.
  write_file(world.keystore, keystores().installed);
  CHECK(assess(look(world), {}, world.clock.now()).findings.front().kind == FindingKind::older_keystore_installed);
}

TEST_CASE("what the daemon cannot do counts for a command that can") {
  World world;
  const auto seen_by_daemon = [&world](const state::Observation& seen) {
    CertificateStatus standing = look(world);
    add_observation(standing, world.settings, seen);
    const Finding finding = assess(standing, {}, world.clock.now()).findings.front();
    if (seen.keystore || seen.replacement || (seen.token && finding.kind == FindingKind::token_unusable)) {
      CHECK_THAT(finding.advice, ContainsSubstring("systemctl restart gravitee-renewd"));
    }
    return finding.kind;
  };
  CHECK(seen_by_daemon({}) == FindingKind::not_expiring);
  CHECK(seen_by_daemon({.keystore = Problem{"Permission denied"}}) == FindingKind::keystore_unreadable);
  CHECK(seen_by_daemon({.replacement = Problem{"Read-only file system"}}) == FindingKind::keystore_not_replaceable);
  CHECK(seen_by_daemon({.state = Problem{"Read-only file system"}}) == FindingKind::state_not_writable);
  CHECK(seen_by_daemon({.activation = Problem{"not permitted"}}) == FindingKind::gateway_not_restartable);
  CertificateStatus standing = look(world);
  add_observation(standing, world.settings, {.activation = Problem{"not permitted", "write the polkit rule"}});
  CHECK(assess(standing, {}, world.clock.now()).advice() == "write the polkit rule");
  CHECK(seen_by_daemon({.health_check = Problem{"HTTP 401"}}) == FindingKind::gateway_health_unknown);
  CHECK(seen_by_daemon({.health = Problem{"HTTP 500"}}) == FindingKind::gateway_down);
  const auto changed = changed_at(*world.settings.token);
  REQUIRE(changed);
  CHECK(seen_by_daemon({.token = Problem{"Permission denied"}, .token_changed = changed}) ==
        FindingKind::token_unusable);
  // The sandbox, or a missing group, keeps the service from the directory.
  CHECK(seen_by_daemon({.token = Problem{"No such file or directory"}}) == FindingKind::token_unusable);
  // Changed since: it may be a good one.
  CHECK(seen_by_daemon({.token = Problem{"Permission denied"}, .token_changed = *changed - std::chrono::seconds(1)}) ==
        FindingKind::not_expiring);
}

TEST_CASE("what the daemon stores is what it found") {
  World world;
  CertificateStatus standing = look(world);
  CHECK_FALSE(observation_of(standing, world.settings).prevents_renewal());
  standing.activation_problem = Problem{"fake.service does not exist on this host", "correct its name"};
  standing.gateway = gateway::GatewayState{gateway::Health::unhealthy, "HTTP 500", ""};
  standing.health_check_problem = Problem{"HTTP 401", "set the password"};
  const auto observation = observation_of(standing, world.settings);
  CHECK(observation.prevents_renewal());
  CHECK(observation.activation == standing.activation_problem);
  CHECK(observation.health == Problem{"HTTP 500"});
  CHECK(observation.health_check == standing.health_check_problem);
  CHECK(observation.token_changed == changed_at(*world.settings.token));
  CHECK_FALSE(state::Observation{.health = Problem{"HTTP 500"}}.prevents_renewal());
}

TEST_CASE("a CA file that cannot be used is a problem months before it is needed") {
  World world;
  configuration::HttpSettings http;
  CHECK_FALSE(ca_file_problem(world.filesystem, http));
  http.ca_file = world.directory / "gone.pem";
  const auto problem = ca_file_problem(world.filesystem, http);
  REQUIRE(problem);
  CHECK_THAT(problem->message, StartsWith("http.ca_file: ") && ContainsSubstring("gone.pem"));
}

TEST_CASE("a configuration that was modified after the daemon had read it is not in effect") {
  const TimePoint read{std::chrono::seconds(1'700'000'000)};
  CHECK_FALSE(configuration_problem(read, read));
  CHECK_FALSE(configuration_problem(read, std::nullopt));
  const auto problem = configuration_problem(read + std::chrono::seconds(60), read);
  REQUIRE(problem);
  CHECK_THAT(problem->message, ContainsSubstring("2023-11-14 22:14 UTC"));
  CHECK_THAT(problem->advice, ContainsSubstring("systemctl reload gravitee-renewd"));
}
