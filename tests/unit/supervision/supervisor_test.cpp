#include "supervision/supervisor.hpp"

#include <cerrno>
#include <system_error>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/text.hpp"
#include "fleet/alone.hpp"
#include "state/history.hpp"
#include "state/lock.hpp"
#include "state/observation.hpp"
#include "state/retry_state.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

std::chrono::sys_seconds not_after(World& world, const std::string& keystore) {
  return world.open(keystore)->keystore.certificate.not_after();
}

asio::awaitable<void> as_root(asio::awaitable<void> work) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(work);
}

// A supervisor of the world's certificate, which runs until the object ends.
struct Supervised {
  explicit Supervised(World& supervised, fleet::Coordinator& coordinator, TimePoint settings_changed = {},
                      std::optional<Inheritance> inherited = std::nullopt)
      : world(supervised),
        settings{.schedule = {.splay = 0s}, .state_directory = world.directory / "state"},
        supervisor(io.get_executor(), objects.context, {slots, board, coordinator}, world.settings, settings,
                   settings_changed, std::move(inherited)) {
    asio::co_spawn(io, as_root(supervisor.run()),
                   asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr thrown) {
                     if (thrown) {
                       std::rethrow_exception(thrown);
                     }
                   }));
  }
  ~Supervised() {
    stop.emit(asio::cancellation_type::terminal);
    io.restart();
    io.run();
  }

  void run_until(const std::function<bool()>& satisfied) {
    const auto end = std::chrono::steady_clock::now() + 120s;
    io.restart();
    while (!satisfied()) {
      REQUIRE(io.run_one_until(end) == 1);
    }
  }

  World& world;
  asio::io_context io;
  Slots slots{io.get_executor(), 1};
  report::StatusBoard board;
  configuration::Settings settings;
  const World::Objects objects{world};
  Supervisor supervisor;
  asio::cancellation_signal stop;
};

// The first event of that name that a supervisor logs; it is ended then.
boost::json::object first(World& world, const std::string& name) {
  fleet::Alone alone;
  Supervised(world, alone).run_until([&] { return world.events().find(name) != std::string::npos; });
  std::istringstream lines(world.logged.str());
  for (std::string line; std::getline(lines, line);) {
    auto event = boost::json::parse(line).as_object();
    if (event.at("event").as_string() == name) {
      return event;
    }
  }
  return {};
}

// Others have their turn first.
class Queue final : public fleet::Coordinator {
 public:
  explicit Queue(const asio::any_io_executor& executor) : turn_(executor, 1) {}
  bool has_turn() const override { return false; }
  asio::awaitable<Result<void>> take_turn() override {
    waiting = true;
    const auto [error] = co_await turn_.async_receive(asio::as_tuple(asio::use_awaitable));
    waiting = false;
    co_return error ? failure(ErrorKind::cancelled, "stopped") : Result<void>();
  }
  void end_turn(bool verified) override { ended_verified = verified; }
  void call() { turn_.try_send(boost::system::error_code()); }

  bool waiting = false;
  std::optional<bool> ended_verified;

 private:
  asio::experimental::channel<void(boost::system::error_code)> turn_;
};

asio::awaitable<void> read(PublishedStatus& status) {
  (void)co_await status.read();
}

asio::awaitable<void> take_slot(Slots& slots, bool& taken) {
  const auto slot = co_await slots.take();
  taken = slot.has_value();
}

}  // namespace

TEST_CASE("while the gateway does not use the new certificate yet, retries tighten as the one that it uses expires") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
  const state::StatePaths paths(world.directory / "state", "production");
  // After so many failures a retry may take half a day, where nothing else bounds it.
  REQUIRE(state::RetryStateStore(world.filesystem, paths).save({.failures_in_a_row = 20, .last_failure = "gateway"}));

  TimePoint in_use_until = not_after(world, keystores().installed);
  SECTION("as the previous keystore says") {}
  SECTION("as it was recorded") {
    in_use_until -= 24h;
    REQUIRE(state::History(world.filesystem, paths)
                .record_in_use({"0A", "FF", {}, std::chrono::floor<std::chrono::seconds>(in_use_until)}));
  }
  world.clock.time = in_use_until - 16min;
  const auto failed = first(world, "renewal_failed");
  const auto expected = *world.clock.time + 2min;  // an eighth
  INFO(boost::json::serialize(failed));
  CHECK(std::string(failed.at("retry_at").as_string()) <= format_time(expected));
}

TEST_CASE("an unreadable keystore is checked again in a minute, since the fix may be in another file") {
  World world;
  world.settings.keystore.password->value = Secret("another");
  world.clock.time = world.clock.now();  // it stands still
  const auto event = first(world, "certificate_unreadable");
  CHECK(event.at("next_check").as_string() == format_time(world.clock.now() + 1min));
}

TEST_CASE("an exception in a step is logged as a failure with its class, and the step is retried") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no descriptor");
  REQUIRE_FALSE(world.run());  // so that the supervisor has something to do at once
  world.gateway.on_activate = [] { throw std::system_error(EMFILE, std::generic_category(), "making a pipe"); };
  const auto failed = first(world, "renewal_failed");
  CHECK(failed.at("class") == "disk");
  CHECK_THAT(std::string(failed.at("message").as_string()), ContainsSubstring("making a pipe"));
  CHECK(failed.contains("retry_at"));
}

TEST_CASE("an activation that fails for lack of resources is retried, and nothing is rolled back") {
  World world;
  world.gateway.activation = system_failure(ErrorKind::gateway, "making a pipe", EMFILE);
  const auto result = world.run();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::disk);
  CHECK(read_file(world.keystore) == keystores().renewed);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  CHECK(world.run());
  CHECK_THAT(world.events(), ContainsSubstring("renewal_completed") && !ContainsSubstring("rolled_back"));
}

TEST_CASE("a host that waits for its turn has its answer, holds neither the lock nor a slot, and is not stuck") {
  World world;
  world.clock.time = world.clock.now() + 6 * 24h;  // inside the renewal window
  asio::io_context others;
  Queue queue(others.get_executor());
  Supervised supervised(world, queue);
  supervised.run_until([&] { return queue.waiting; });

  CHECK_THAT(world.events(), ContainsSubstring("renewal_answered") && !ContainsSubstring("keystore_installed"));
  const state::StatePaths paths(world.directory / "state", "production");
  CHECK(state::Lock::acquire(world.filesystem, paths.lock(), "another"));
  bool taken = false;
  asio::co_spawn(supervised.io, take_slot(supervised.slots, taken), asio::detached);
  supervised.run_until([&] { return taken; });
  const TimePoint waiting_since = *world.clock.time;
  world.clock.time = waiting_since + 30 * 24h;
  CHECK_FALSE(supervised.supervisor.is_stuck());
  world.clock.time = waiting_since;

  SECTION("until it is called") {
    queue.call();
    others.run();
    supervised.run_until([&] { return queue.ended_verified.has_value(); });
    CHECK(*queue.ended_verified);
    CHECK_THAT(world.events(), ContainsSubstring("renewal_completed"));
    CHECK(world.cloud.requests == 1);
  }
  SECTION("until the daemon stops") {
    supervised.stop.emit(asio::cancellation_type::terminal);
    supervised.run_until([&] { return !queue.waiting; });
    CHECK_THAT(world.events(), !ContainsSubstring("renewal_failed"));
    CHECK(read_file(world.keystore) == keystores().installed);
  }
}

TEST_CASE("the roll-back of a resumed renewal is not reported as an external replacement") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no descriptor");
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().renewed);
  refuse_the_new_one(world);
  CHECK_FALSE(first(world, "renewal_failed").empty());
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_THAT(world.events(),
             ContainsSubstring("renewal_rolled_back") && !ContainsSubstring("certificate_changed_on_disk"));
}

TEST_CASE("a certificate that a renewal installed is announced when it comes back later from elsewhere") {
  World world;
  const World::Objects objects(world);
  Announcer announcer(objects.context, world.settings, 12h);
  KeystoreObserver observer(objects.context, announcer, {world.directory / "state", "production"});
  const auto observe = [&](const std::string& keystore) {
    const auto before = world.events().size();
    observer.observe(world.open(keystore).value(), world.clock.now());
    return world.events().size() > before;
  };
  CHECK_FALSE(observe(keystores().installed));
  observer.expect(world.open(keystores().renewed)->keystore.certificate);
  CHECK_FALSE(observe(keystores().renewed));
  CHECK(observe(keystores().newest));
  CHECK(observe(keystores().renewed));
}

namespace {

constexpr std::chrono::hours kRetryLater{10};

state::RetryState failing(World& world, const std::string& error_class) {
  return {.failures_in_a_row = 1,
          .last_failure = error_class,
          .failed_at = world.clock.now(),
          .not_before = world.clock.now() + kRetryLater};
}

// What an earlier process left behind.
void leave(World& world, const std::string& error_class, const state::Observation& seen) {
  const state::StatePaths paths(world.directory / "state", "production");
  REQUIRE(state::RetryStateStore(world.filesystem, paths).save(failing(world, error_class)));
  REQUIRE(state::ObservationStore(world.filesystem, paths).save(seen));
}

void make_due(World& world) {
  world.clock.time = world.clock.now() + 6 * 24h;
}

state::Observation stored_observation(World& world) {
  return state::ObservationStore(world.filesystem, {world.directory / "state", "production"}).load();
}

}  // namespace

TEST_CASE("the next attempt follows at once when what prevented the renewal is gone") {
  World world;
  make_due(world);
  leave(world, "gateway", {.activation = Problem{"fake.service does not exist on this host"}});
  CHECK_FALSE(first(world, "renewal_completed").empty());
  CHECK(world.gateway.activations == 1);
  CHECK(world.cloud.requests == 1);
  CHECK_FALSE(stored_observation(world).activation);
}

TEST_CASE("the next attempt waits while the same thing prevents the renewal") {
  World world;
  make_due(world);
  world.gateway.possible = failure(ErrorKind::gateway, "fake.service does not exist on this host");
  leave(world, "gateway", {.activation = Problem{"fake.service does not exist on this host"}});
  CHECK(first(world, "certificate_checked").at("reason") == "retry");
  CHECK(world.cloud.requests == 0);
}

TEST_CASE("the next attempt follows at once when an input has other contents, if the failure depends on it") {
  World world;
  make_due(world);
  fleet::Alone alone;
  const auto before = Inputs(world.settings, {}).read();
  write_file(world.directory / "token", "another-token\n");
  const auto run_until = [&](const char* failure, const char* event) {
    Supervised supervised(world, alone, {}, Inheritance{failing(world, failure), before});
    supervised.run_until([&] { return world.events().find(event) != std::string::npos; });
  };
  SECTION("it does") {
    run_until("unauthorized", "renewal_completed");
  }
  SECTION("it does not") {
    run_until("gateway", "certificate_checked");
    CHECK(first(world, "certificate_checked").at("reason") == "retry");
  }
}

TEST_CASE("a supervisor with other settings continues the count of failures, and tries again at once") {
  World world;
  make_due(world);
  world.cloud.response = failure(ErrorKind::tls, "not trusted");
  fleet::Alone alone;
  const auto next_event = [&](TimePoint changed) {
    Supervised supervised(world, alone, changed, Inheritance{failing(world, "tls"), {}});
    supervised.run_until([&] { return world.events().find("certificate_checked") != std::string::npos; });
    supervised.run_until([&] { return !supervised.board.standings().empty(); });
    return supervised.board.standings().at("production").attempts.failures_in_a_row;
  };
  SECTION("the same settings") {
    CHECK(next_event(world.clock.now() - 1s) == 1);
    CHECK(world.cloud.requests == 0);
  }
  SECTION("other settings") {
    (void)next_event(world.clock.now() + 1s);
    CHECK(first(world, "renewal_failed").at("failures_in_a_row") == 2);
  }
}

TEST_CASE("the status has the gateway's state, and a change of it without another check") {
  World world;
  world.gateway.condition = gateway::GatewayState{gateway::Health::up, "fake.service is running", "fake.service"};
  fleet::Alone alone;
  Supervised supervised(world, alone);
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
  fleet::Alone alone;
  Supervised supervised(world, alone);
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
  fleet::Alone alone;
  Supervised supervised(world, alone);
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
