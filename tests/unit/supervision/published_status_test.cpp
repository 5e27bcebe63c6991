// What a supervisor publishes, logs, and stores for commands.
#include <boost/asio/detached.hpp>

#include "state/history.hpp"
#include "supervised.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> read(PublishedStatus& status) {
  (void)co_await status.read();
}

}  // namespace

TEST_CASE("the status has the gateway's state, and a change of it without another check") {
  World world;
  world.gateway.condition = gateway::GatewayState{gateway::Health::up, "fake.service is running", "fake.service"};
  Supervised supervised(world);
  const auto health = [&supervised] {
    const auto& standings = supervised.board.standings();
    return standings.empty() ? std::nullopt : std::optional(standings.at("production").gateway.value().health);
  };
  supervised.run_until([&] { return health().has_value(); });
  CHECK(health() == gateway::Health::up);
  const auto requests = world.cloud.requests;
  world.gateway.condition->health = gateway::Health::down;
  supervised.supervisor.gateway_changed();
  supervised.run_until([&] { return health() == gateway::Health::down; });
  CHECK(world.cloud.requests == requests);
}

TEST_CASE("the log says what no other event does, what to do, and when it is over") {
  World world;
  world.gateway.condition = gateway::GatewayState{gateway::Health::up, "fake.service is running", "fake.service"};
  Supervised supervised(world);
  supervised.run_until([&] { return !supervised.board.standings().empty(); });
  world.logged.str("");
  const auto becomes = [&](gateway::Health health) {
    world.logged.str("");
    world.gateway.condition->health = health;
    supervised.supervisor.gateway_changed();
    supervised.run_until([&] { return world.logged.str().find("gateway_down") != std::string::npos; });
    return boost::json::parse(world.logged.str()).as_object();
  };
  const auto down = becomes(gateway::Health::down);
  CHECK(down.at("event") == "certificate_checked");
  CHECK(down.at("level") == "error");
  CHECK(down.at("finding") == "gateway_down");
  CHECK_THAT(std::string(down.at("advice").as_string()), ContainsSubstring("journalctl -u fake.service"));
  CHECK(becomes(gateway::Health::stopped).at("level") == "warning");
  const auto up = becomes(gateway::Health::up);
  CHECK(up.at("level") == "info");
  CHECK_THAT(std::string(up.at("message").as_string()), StartsWith("no longer: the gateway is stopped"));
}

TEST_CASE("the log repeats a finding as seldom as other problems, whatever its message counts") {
  World world;
  const World::Objects objects(world);
  Announcer announcer(objects.context, world.settings, 12h);
  const TimePoint now = world.clock.now();
  const auto logs = [&](const std::string& message, TimePoint at) {
    const auto before = world.logged.str().size();
    announcer.found(
        {.findings = {{report::FindingKind::state_not_writable, report::Severity::warning, message, "free"}}}, at);
    return world.logged.str().size() > before;
  };
  CHECK(logs("12 KiB are free", now));
  CHECK_FALSE(logs("11 KiB are free", now + 1min));
  CHECK(logs("10 KiB are free", now + 12h));
  announcer.found({.findings = {{report::FindingKind::renewal_failing, report::Severity::critical, "", ""}}},
                  now + 13h);
  // The other has its own event.
  CHECK_THAT(world.logged.str(), ContainsSubstring("no longer: ") && !ContainsSubstring("renewal_failing"));
  CHECK(logs("12 KiB are free", now + 13h));
}

TEST_CASE("a keystore that is replaced while the gateway changes is noticed") {
  World world;
  Supervised supervised(world);
  supervised.run_until([&] { return !supervised.board.standings().empty(); });
  write_file(world.keystore, keystores().newest);
  supervised.supervisor.gateway_changed();
  supervised.run_until([&] { return world.events().find("certificate_changed_on_disk") != std::string::npos; });
}

TEST_CASE("what the daemon found is stored for commands") {
  World world;
  world.gateway.possible = failure(ErrorKind::gateway, "not permitted");
  CHECK_FALSE(first(world, "certificate_checked").empty());
  CHECK(stored_observation(world).activation == Problem{"not permitted"});
}

TEST_CASE("a system bus that does not respond is found months before an activation would fail") {
  World world;
  world.gateway.unanswered = true;
  CHECK_FALSE(first(world, "certificate_checked").empty());
  const auto found = stored_observation(world).activation;
  REQUIRE(found);
  CHECK_THAT(found->message, ContainsSubstring("system bus"));
}

TEST_CASE("a health check that cannot be made is stored for commands") {
  World world;
  world.gateway.health_check_problem = Problem{"HTTP 401", "set the password"};
  CHECK_FALSE(first(world, "certificate_checked").empty());
  CHECK(stored_observation(world).health_check == world.gateway.health_check_problem);
}

TEST_CASE("a gateway that was stopped on purpose is not polled, one that may recover unnoticed is") {
  World world;
  const World::Objects objects(world);
  const configuration::Settings settings{.state_directory = world.directory / "state"};
  const renewal::Schedule schedule(world.settings, settings.schedule, 0s, {}, 0);
  report::StatusBoard board;
  PublishedStatus status(objects.context, world.settings, settings, schedule, board);
  const auto is_polled = [&](gateway::Health health) {
    world.gateway.condition = gateway::GatewayState{health, "fake.service is as the test says", "fake.service"};
    asio::io_context io;
    asio::co_spawn(io, read(status), asio::detached);
    io.run();
    return status.in_trouble();
  };
  using gateway::Health;
  CHECK_FALSE(is_polled(Health::up));
  CHECK_FALSE(is_polled(Health::stopped));
  CHECK(is_polled(Health::changing));
  CHECK(is_polled(Health::unhealthy));
  CHECK(is_polled(Health::down));
}

TEST_CASE("the record of what is in use follows a restart of the gateway by hand, and the keystore is kept") {
  World world;
  REQUIRE(world.run());
  write_file(world.keystore, keystores().newest);
  const auto newest = world.installed()->keystore.certificate.fingerprint_sha256();
  world.gateway.condition = gateway::GatewayState{gateway::Health::up, "fake.service is running", "fake.service"};
  world.gateway.condition->running_since = std::chrono::system_clock::now() - 1h;
  CHECK_FALSE(first(world, "certificate_checked").empty());
  CHECK(in_use(world)->fingerprint != newest);
  world.gateway.condition->running_since = std::chrono::system_clock::now() + 1h;
  world.logged.str("");
  CHECK_FALSE(first(world, "certificate_checked").empty());
  CHECK(in_use(world)->fingerprint == newest);
  CHECK(read_file(world.directory / "state/production/generations/3") == keystores().newest);
}

TEST_CASE("the event of an older keystore in the place of a newer one names the stored one") {
  World world;
  REQUIRE(world.run());
  const World::Objects objects(world);
  Announcer announcer(objects.context, world.settings, 12h);
  KeystoreObserver observer(objects.context, announcer, {world.directory / "state", "production"});
  observer.observe(world.open(keystores().renewed).value(), world.clock.now());
  world.logged.str("");
  observer.observe(world.open(keystores().installed).value(), world.clock.now());
  const auto event = boost::json::parse(world.logged.str()).as_object();
  CHECK(event.at("event") == "certificate_changed_on_disk");
  CHECK(event.at("level") == "warning");
  CHECK(event.at("newer_generation") == 2);
}
