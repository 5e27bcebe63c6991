#include "renewal/renewal.hpp"
#include "state/history.hpp"
#include "state/journal.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
using state::Phase;

TEST_CASE("after a power cut at any step, the next run completes the renewal") {
  const auto cut = GENERATE(PowerCut::loses_all, PowerCut::tears_appends, PowerCut::keeps_names);
  CAPTURE(static_cast<int>(cut));
  int crashes = 0;
  for (int at = 1;; ++at) {
    CAPTURE(at);
    World world;
    CrashingFilesystem disk(world.directory.path(), at);
    world.disk = &disk;
    int activated_with_new = 0;
    world.gateway.on_activate = [&] { activated_with_new += read_file(world.keystore) == keystores().renewed ? 1 : 0; };
    try {
      const auto completed = world.run();
      REQUIRE(completed);
      CHECK(disk.calls() < at);
      break;  // no more calls to crash at
    } catch (const Crash&) {
      ++crashes;
    }
    disk.lose_what_was_not_synced(cut);
    world.disk = nullptr;
    const std::string keystore = read_file(world.keystore);
    CHECK((keystore == keystores().installed || keystore == keystores().renewed));
    const bool answer_stored = std::filesystem::exists(world.directory / "state/production/answer");
    const int requests = world.cloud.requests;

    const auto unfinished = world.unfinished();
    REQUIRE(unfinished);
    if (keystore == keystores().renewed && !*unfinished) {
      // Over but for the last line: there is nothing left to do.
      CHECK(activated_with_new >= 1);
      continue;
    }
    REQUIRE(world.run());
    CHECK(read_file(world.keystore) == keystores().renewed);
    CHECK(activated_with_new >= 1);
    if (answer_stored) {
      CHECK(world.cloud.requests == requests);
    }
    REQUIRE(in_use(world));
    CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
    CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  }
  CHECK(crashes > 30);
  WARN("the power went at " << crashes << " moments");
}

namespace {

// The process dies while it judges the answer, which it does for the `judging`-th time without having come to an end.
template <typename Done>
void die_while_judging(World& world, int judging, Work<Done> work) {
  state::Journal journal(world.filesystem, {world.directory / "state", "production"});
  world.clock.on_now = [&] {
    const auto entry = journal.peek();
    if (entry && entry->phase == Phase::answered && entry->resumed == judging) {
      throw Crash();
    }
  };
  CHECK_THROWS_AS(world.run(work), Crash);
  world.clock.on_now = [] {};
}

template <typename Done>
void check_answer_set_aside(Work<Done> work) {
  World world;
  for (int judging = 1; judging <= kJudgingsPerAnswer; ++judging) {
    die_while_judging(world, judging, work);
  }
  const auto refused = world.run(work);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::bad_answer);
  CHECK(world.cloud.requests == 1);
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_THAT(world.events(), ContainsSubstring("renewal_rejected"));
  CHECK_THAT(world.logged.str(), ContainsSubstring("answer-rejected-") && ContainsSubstring("\"untrusted\""));
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 2);
}

}  // namespace

TEST_CASE("an answer whose judging was interrupted twice is set aside, and another one is requested") {
  check_answer_set_aside<Completed>(&Renewal::run);
  check_answer_set_aside<std::optional<Judged>>(&Renewal::obtain);
}

TEST_CASE("an answer whose judging was interrupted once is used") {
  World world;
  die_while_judging<Completed>(world, 1, &Renewal::run);
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("a failure without a crash does not count as an interruption") {
  World world;
  die_while_judging<std::optional<Judged>>(world, 1, &Renewal::obtain);
  REQUIRE(world.obtain());
  die_while_judging<Completed>(world, 1, &Renewal::run);
  write_file(world.keystore, "not a keystore");
  REQUIRE_FALSE(world.run());
  write_file(world.keystore, keystores().installed);
  die_while_judging<Completed>(world, 1, &Renewal::run);
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("a renewal is judged again after the keystore was replaced externally") {
  World world;
  world.settings.gateway.rollback = false;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  world.gateway.now.running.clear();  // down, as our activation left it
  SECTION("a newer one stays, and the gateway that the renewed one brought down is started with it") {
    write_file(world.keystore, keystores().newest);
    REQUIRE_FALSE(world.run());
    CHECK_THAT(world.events(), ContainsSubstring("certificate_changed_on_disk"));
    CHECK_THAT(world.logged.str(), ContainsSubstring("\"reason\":\"not_later\""));
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
    CHECK(in_use(world));
    CHECK(read_file(world.keystore) == keystores().newest);
    CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  }
  SECTION("an older one is replaced by the renewed one, without another request") {
    write_file(world.keystore, keystores().installed);
    REQUIRE(world.run());
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("a keystore that is installed externally during verification is neither completed nor rolled back over") {
  World world;
  const bool well = GENERATE(true, false);
  CAPTURE(well);
  world.gateway.on_verify = [&] {
    write_file(world.keystore, keystores().newest);
    if (!well) {
      world.gateway.verification = failure(ErrorKind::gateway, "not well");
    }
  };
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::busy);
  CHECK(read_file(world.keystore) == keystores().newest);
  CHECK_THAT(world.events(), ContainsSubstring("certificate_changed_on_disk"));
  CHECK_FALSE(in_use(world));
}

TEST_CASE("a keystore that is installed externally during a resumed verification is not activated as the renewed one") {
  World world;
  world.gateway.on_verify = [] { throw Crash(); };
  CHECK_THROWS_AS(world.run(), Crash);
  world.gateway.on_verify = [&] { write_file(world.keystore, keystores().newest); };
  world.gateway.verification = failure(ErrorKind::gateway, "unhealthy");
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::busy);
  CHECK(world.gateway.activations == 1);
  CHECK(read_file(world.keystore) == keystores().newest);
}

TEST_CASE("an answer that could not be stored stays in memory and is not requested again") {
  World world;
  asio::io_context io;
  const World::Objects objects(world);
  Renewal renewal(objects.context, world.settings, world.directory / "state", kRequestsPerDay);
  const auto run = [&] {
    std::optional<Result<Completed>> result;
    asio::co_spawn(io, run_into(renewal, result), [](std::exception_ptr) {});
    io.restart();
    io.run_for(std::chrono::seconds(120));
    REQUIRE(result);
    return std::move(*result);
  };
  // A directory comes into the place of the file while the cloud thinks: the answer cannot be stored.
  const auto in_the_way = world.directory / "state/production/answer";
  world.cloud.on_request = [&] { std::filesystem::create_directories(in_the_way / "full"); };
  const auto first = run();
  REQUIRE_FALSE(first);
  CHECK(first.error().kind == ErrorKind::disk);
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().installed);
  std::filesystem::remove_all(in_the_way);
  REQUIRE(run());
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}
