#include "installation/history.hpp"
#include "installation/journal.hpp"
#include "renewal/renewal.hpp"
#include "support/catch.hpp"
#include "support/crashing_filesystem.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
using installation::Phase;

namespace {

std::optional<installation::CertificateRecord> in_use(World& world) {
  return installation::History(world.filesystem, {world.directory / "state", "production"}).in_use();
}

void refuse_to_start(World& world) {
  world.gateway.activation = failure(ErrorKind::gateway, "the gateway does not start");
}

// The gateway starts with the old keystore alone.
void refuse_the_new_one(World& world) {
  world.gateway.on_activate = [&world] {
    if (read_file(world.keystore) == keystores().installed) {
      world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    } else {
      refuse_to_start(world);
    }
  };
}

}  // namespace

TEST_CASE("from every moment that the power may go, the next run completes the renewal") {
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
    disk.lose_what_was_not_synced();
    world.disk = nullptr;
    const std::string keystore = read_file(world.keystore);
    CHECK((keystore == keystores().installed || keystore == keystores().renewed));
    const bool answer_stored = std::filesystem::exists(world.directory / "state/production/answer");
    const int requests = world.cloud.requests;

    const auto unfinished = Renewal({world.filesystem, world.cloud, world.gateway, world.log, world.clock},
                                    world.settings, world.directory / "state")
                                .unfinished();
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

TEST_CASE("a gateway that refuses the new keystore gets the old one back") {
  World world;
  refuse_the_new_one(world);
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK(completed.error().kind == ErrorKind::gateway);
  CHECK_THAT(completed.error().message, ContainsSubstring("; the old keystore is back (valid until 20") &&
                                            EndsWith("), and the gateway runs with it"));
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK_THAT(world.events(), ContainsSubstring("keystore_installed gateway_activation_failed gateway_activated "
                                               "gateway_verified renewal_rolled_back"));
  CHECK(std::filesystem::exists(world.directory / "state/production/answer"));

  SECTION("and the same answer is tried again, at most three times") {
    for (int again = 2; again <= kRollbacksPerAnswer; ++again) {
      REQUIRE_FALSE(world.run());
      CHECK(world.cloud.requests == 1);
      CHECK(read_file(world.keystore) == keystores().installed);
    }
    REQUIRE_FALSE(world.run());
    CHECK(world.cloud.requests == 2);
  }
  SECTION("and the new one is installed from the stored answer once the gateway is mended") {
    world.gateway.on_activate = [] {};
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK(world.cloud.requests == 1);
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
}

TEST_CASE("where the log ended is noted before each activation, and outlives a crash until the verification") {
  World world;
  world.gateway.log_end = "before the new keystore";
  world.gateway.on_activate = [&] { world.gateway.log_end = "after it"; };
  world.gateway.on_verify = [] { throw Crash{}; };
  CHECK_THROWS_AS(world.run(), Crash);

  world.gateway.on_verify = [&] { CHECK(world.gateway.last_before->log_position == "before the new keystore"); };
  world.gateway.verification = failure(ErrorKind::gateway, "not well");
  world.gateway.on_activate = [&] {
    CHECK(world.gateway.last_before->log_position == "after it");
    world.gateway.on_verify = [&] { CHECK(world.gateway.last_before->log_position == "after it"); };
  };
  REQUIRE_FALSE(world.run());
  // Looked at once more, told again, and rolled back.
  CHECK(world.gateway.verifications == 4);
  CHECK(world.gateway.activations == 3);
}

TEST_CASE("a gateway that never comes back has the old keystore, and is activated again until it runs") {
  World world;
  refuse_to_start(world);
  for (int run = 1; run <= kRollbacksPerAnswer + 2; ++run) {
    CAPTURE(run);
    const auto completed = world.run();
    REQUIRE_FALSE(completed);
    CHECK(completed.error().kind == ErrorKind::gateway);
    CHECK_THAT(completed.error().message, ContainsSubstring("has not been seen to run with it either"));
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(world.cloud.requests == 1);
    CHECK_FALSE(in_use(world));
  }
  // It runs again, with the old keystore; the next run tries the new one from the stored answer.
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().installed);
  CHECK(in_use(world));
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("goes forward again when the old keystore expires during a roll-back") {
  World world;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  REQUIRE(read_file(world.keystore) == keystores().installed);
  world.clock.time = std::chrono::system_clock::now() + std::chrono::days(20);
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("an answer that was rolled back three times is set aside, and said so") {
  World world;
  refuse_the_new_one(world);
  for (int run = 1; run <= kRollbacksPerAnswer; ++run) {
    REQUIRE_FALSE(world.run());
  }
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/answer"));
  CHECK_FALSE(std::filesystem::exists(world.directory / "state/production/journal"));
  CHECK_THAT(world.logged.str(), ContainsSubstring("try 3 of 3") && ContainsSubstring("answer-rejected-"));
}

namespace {

// The process dies while it judges the answer, which it does for the `judging`-th time without having come to an end.
template <typename Done>
void die_while_judging(World& world, int judging, Work<Done> work) {
  installation::Journal journal(world.filesystem, {world.directory / "state", "production"});
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

TEST_CASE("an answer whose judging twice did not come to an end is set aside, and the cloud is asked again") {
  check_answer_set_aside<Completed>(&Renewal::run);
  check_answer_set_aside<void>(&Renewal::obtain);
}

TEST_CASE("an answer whose judging once did not come to an end is used") {
  World world;
  die_while_judging<Completed>(world, 1, &Renewal::run);
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("a failure that comes to an orderly end is not held against the answer") {
  World world;
  die_while_judging<void>(world, 1, &Renewal::obtain);
  REQUIRE(world.run<void>(&Renewal::obtain));
  die_while_judging<Completed>(world, 1, &Renewal::run);
  write_file(world.keystore, "not a keystore");
  REQUIRE_FALSE(world.run());
  write_file(world.keystore, keystores().installed);
  die_while_judging<Completed>(world, 1, &Renewal::run);
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("never goes back to an expired keystore, nor where that is not wanted") {
  const bool expired = GENERATE(true, false);
  CAPTURE(expired);
  World world;
  refuse_the_new_one(world);
  if (expired) {
    world.clock.time = std::chrono::system_clock::now() + std::chrono::days(20);  // the installed one has 10 days
  } else {
    world.settings.gateway.rollback = false;
  }
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().renewed);
  REQUIRE_FALSE(world.run());
  CHECK(world.cloud.requests == 1);
  CHECK(world.gateway.activations == 2);

  world.gateway.on_activate = [] {};
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  REQUIRE(world.run());
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("a power cut in the middle of going back is followed by going back") {
  int crashes = 0;
  for (int at = 1;; ++at) {
    CAPTURE(at);
    World world;
    refuse_the_new_one(world);
    CrashingFilesystem disk(world.directory.path(), at);
    world.disk = &disk;
    try {
      const auto completed = world.run();
      REQUIRE_FALSE(completed);
      break;
    } catch (const Crash&) {
      ++crashes;
    }
    disk.lose_what_was_not_synced();
    world.disk = nullptr;
    REQUIRE_FALSE(world.run());
    CHECK(read_file(world.keystore) == keystores().installed);
    CHECK(world.cloud.requests <= 2);
  }
  CHECK(crashes > 30);
}

TEST_CASE("a renewal is judged anew against a keystore that somebody else has put in the place of ours") {
  World world;
  world.settings.gateway.rollback = false;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  world.gateway.now.running.clear();  // down, as our activation left it
  SECTION("a newer one stays, and the gateway that ours has brought down is started with it") {
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
  SECTION("an older one is replaced by ours, without asking the cloud again") {
    write_file(world.keystore, keystores().installed);
    REQUIRE(world.run());
    CHECK(read_file(world.keystore) == keystores().renewed);
  }
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("a gateway that comes up and is not well is told again, where nothing is rolled back") {
  World world;
  world.settings.gateway.rollback = false;
  world.gateway.verification = failure(ErrorKind::gateway, "it did not stay up");
  REQUIRE_FALSE(world.run());
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.activations == 2);
  world.gateway.verification = std::string("well");
  REQUIRE(world.run());
  CHECK(world.gateway.activations == 3);
}

TEST_CASE("a start that nobody saw come up is looked at, and repeated when it is not well") {
  World world;
  world.gateway.on_verify = [] { throw Crash(); };
  CHECK_THROWS_AS(world.run(), Crash);
  const bool well = GENERATE(true, false);
  CAPTURE(well);
  if (!well) {
    // As on a host that starts: the gateway comes up after we have looked.
    world.gateway.verification = failure(ErrorKind::gateway, "ActiveState=activating");
    world.gateway.on_activate = [&] { world.gateway.verification = std::string("well"); };
  }
  world.gateway.on_verify = [] {};
  REQUIRE(world.run());
  CHECK(world.gateway.activations == (well ? 1 : 2));
  CHECK(world.cloud.requests == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
}

TEST_CASE("crashes in one phase are counted, also while going back") {
  World world;
  refuse_the_new_one(world);
  const auto refuse = world.gateway.on_activate;
  world.gateway.on_activate = [&] {
    refuse();
    if (read_file(world.keystore) == keystores().installed) {
      throw Crash();
    }
  };
  for (int crashes = 0; crashes < 4; ++crashes) {
    CHECK_THROWS_AS(world.run(), Crash);
    const auto unfinished = Renewal({world.filesystem, world.cloud, world.gateway, world.log, world.clock},
                                    world.settings, world.directory / "state")
                                .unfinished();
    REQUIRE((unfinished && *unfinished));
    CHECK((*unfinished)->phase == Phase::rolling_back);
    CHECK((*unfinished)->resumed == crashes);
  }
}

TEST_CASE("what is neither ours nor the old keystore is not rolled back over") {
  World world;
  refuse_the_new_one(world);
  const auto refuse = world.gateway.on_activate;
  world.gateway.on_activate = [&] {
    refuse();
    write_file(world.keystore, "half of a newer ");
  };
  const auto completed = world.run();
  REQUIRE_FALSE(completed);
  CHECK_THAT(completed.error().message, ContainsSubstring("somebody else has replaced it"));
  CHECK(read_file(world.keystore) == "half of a newer ");
}

TEST_CASE("a keystore that comes while the gateway is verified is neither taken for ours nor rolled back over") {
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

TEST_CASE("a unit that an activation left down is started by the next process, too") {
  World world;
  refuse_to_start(world);
  SECTION("with the old keystore, after a crash in the middle of going back") {
    // The first activation fails, and the power goes before the second.
    world.gateway.on_activate = [&] {
      if (world.gateway.activations == 2) {
        throw Crash();
      }
      world.gateway.now.running.clear();  // down
    };
    CHECK_THROWS_AS(world.run(), Crash);
    world.gateway.on_activate = [] {};
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE_FALSE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
    CHECK(read_file(world.keystore) == keystores().installed);
    // It is up again: what is up is noted anew.
    world.gateway.now.running = {"another.service"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"another.service"});
  }
  SECTION("with the new keystore, where it is not rolled back") {
    world.settings.gateway.rollback = false;
    world.gateway.on_activate = [&] { world.gateway.now.running.clear(); };
    REQUIRE_FALSE(world.run());
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    REQUIRE(world.run());
    CHECK(world.gateway.last_before->running == std::vector<std::string>{"fake.service"});
  }
}

TEST_CASE("an answer that could not be stored is kept in memory and not asked for again") {
  World world;
  asio::io_context io;
  Renewal renewal({world.filesystem, world.cloud, world.gateway, world.log, world.clock}, world.settings,
                  world.directory / "state");
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

namespace {

// As SIGTERM to the daemon ends it while it tells the gateway; the gateway is started all the same.
void stop_while_telling(World& world, const std::string& run) {
  world.gateway.activation = failure(ErrorKind::cancelled, "told to stop");
  const auto stopped = world.run();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == ErrorKind::cancelled);
  world.gateway.now.invocations["fake.service"] = run;
}

int resumed(World& world) {
  const auto entry = installation::Journal(world.filesystem, {world.directory / "state", "production"}).peek();
  REQUIRE(entry);
  return entry->resumed;
}

}  // namespace

TEST_CASE("whoever goes on with an activation that was interrupted knows how the gateway was before it") {
  World world;
  stop_while_telling(world, "2");
  const TimePoint began = world.gateway.last_before->began;
  SECTION("also after several") {
    stop_while_telling(world, "3");
  }
  SECTION("once") {}
  world.gateway.activation = failure(ErrorKind::gateway, "it did not start");
  world.gateway.on_activate = [&] {
    CHECK(world.gateway.last_before->invocations.at("fake.service") == "1");
    CHECK(world.gateway.last_before->began == began);
    world.gateway.on_activate = [&] {
      // The roll-back is an activation of its own.
      CHECK(world.gateway.last_before->invocations.at("fake.service") != "1");
      world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    };
  };
  REQUIRE_FALSE(world.run());
  CHECK(read_file(world.keystore) == keystores().installed);
}

TEST_CASE("an activation that has failed is begun again, whatever the gateway was started with") {
  World world;
  world.settings.gateway.rollback = false;
  refuse_to_start(world);
  REQUIRE_FALSE(world.run());
  world.gateway.verification = failure(ErrorKind::gateway, "not well");
  for (const std::string run : {"2", "3"}) {
    world.gateway.now.invocations["fake.service"] = run;
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    std::string told_in;
    world.gateway.on_activate = [&] { told_in = world.gateway.last_before->invocations.at("fake.service"); };
    REQUIRE_FALSE(world.run());
    CHECK(told_in == run);
  }
}

TEST_CASE("a command by hand tells a gateway again that was being told") {
  World world;
  stop_while_telling(world, "2");
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  std::string told_in;
  world.gateway.on_activate = [&] { told_in = world.gateway.last_before->invocations.at("fake.service"); };
  REQUIRE(world.run(&Renewal::activate_again));
  CHECK(told_in == "2");
}

TEST_CASE("a daemon that is stopped whenever it tells the gateway is counted as one that crashes there") {
  World world;
  SECTION("going forward") {
    for (int stops = 0; stops < 4; ++stops) {
      stop_while_telling(world, "1");
      CHECK(resumed(world) == stops);
    }
  }
  SECTION("going back") {
    refuse_the_new_one(world);
    const auto refuse = world.gateway.on_activate;
    world.gateway.on_activate = [&] {
      refuse();
      if (read_file(world.keystore) == keystores().installed) {
        world.gateway.activation = failure(ErrorKind::cancelled, "told to stop");
      }
    };
    for (int stops = 0; stops < 4; ++stops) {
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == stops);
    }
  }
  SECTION("to and fro between telling it and looking at it") {
    world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
    world.gateway.on_activate = [&] { world.gateway.verification = failure(ErrorKind::cancelled, "told to stop"); };
    for (int stops = 0; stops < 4; ++stops) {
      world.gateway.verification = failure(ErrorKind::gateway, "not well");
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == stops);
    }
  }
}

TEST_CASE("a gateway that could not be told yet is told later, and nothing is rolled back") {
  World world;
  const Error unanswered{ErrorKind::disk, "no answer in time"};
  SECTION("before it is told") {
    world.gateway.unanswered = true;
  }
  SECTION("while it is told") {
    world.gateway.activation = tl::unexpected(unanswered);
  }
  SECTION("while it is verified") {
    world.gateway.verification = tl::unexpected(unanswered);
  }
  for (int attempts = 0; attempts < 4; ++attempts) {
    const auto result = world.run();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::disk);
    CHECK(resumed(world) == 0);
  }
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("failed"));
  world.gateway.unanswered = false;
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "restarted"};
  world.gateway.verification = std::string("well");
  CHECK(world.run());
  CHECK_THAT(world.events(), !ContainsSubstring("failed") && !ContainsSubstring("rolled_back"));
  CHECK(world.cloud.requests == 1);
}

TEST_CASE("whoever goes on with an activation that nobody answered for knows what had been started before it") {
  World world;
  world.gateway.activation = failure(ErrorKind::disk, "no answer in time");
  REQUIRE_FALSE(world.run());
  world.gateway.now.invocations["fake.service"] = "2";
  REQUIRE_FALSE(world.run());
  CHECK(world.gateway.last_before->invocations.at("fake.service") == "1");
}

TEST_CASE("what an unlucky boot has logged does not count against a gateway that an earlier process has told") {
  World world;
  world.gateway.log_end = "before";
  stop_while_telling(world, "2");
  const TimePoint began = world.gateway.last_before->began;
  world.gateway.log_end = "after the unlucky boot";
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "it has been started already"};
  world.gateway.on_verify = [&] {
    const bool sees_the_boot = world.gateway.last_before->log_position == "before";
    CHECK((world.gateway.last_before->began == began) == sees_the_boot);
    world.gateway.verification =
        sees_the_boot ? Result<std::string>(failure(ErrorKind::gateway, "the log says: Unable to connect"))
                      : std::string("well");
  };
  CHECK(world.run());
  CHECK(world.gateway.verifications == 2);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("renewal_rolled_back"));
}

TEST_CASE("stops of a daemon that does nothing to the gateway any more are not counted") {
  World world;
  SECTION("while it is verified") {
    world.gateway.verification = failure(ErrorKind::cancelled, "told to stop");
  }
  SECTION("while a start that an earlier process has asked for is awaited") {
    stop_while_telling(world, "1");
    world.gateway.acts = false;
  }
  for (int stops = 0; stops < 5; ++stops) {
    REQUIRE_FALSE(world.run());
    CHECK(resumed(world) == 0);
  }
  // A crash there is counted all the same.
  world.gateway.activation = gateway::Activation{gateway::Use::in_use, "it has been started already"};
  world.gateway.on_verify = [] { throw Crash(); };
  for (int crashes = 1; crashes < 5; ++crashes) {
    CHECK_THROWS_AS(world.run(), Crash);
    CHECK(resumed(world) == crashes);
  }
}

TEST_CASE("stops of the daemon that the gateway does not survive are counted, each once") {
  World world;
  world.gateway.verification = failure(ErrorKind::cancelled, "told to stop");
  REQUIRE_FALSE(world.run());
  for (int ends = 1; ends < 4; ++ends) {
    world.gateway.now.invocations["fake.service"] = std::to_string(1 + ends);
    for (int stops = 0; stops < 3; ++stops) {
      REQUIRE_FALSE(world.run());
      CHECK(resumed(world) == ends);
    }
  }
}

TEST_CASE("a gateway that was stopped on purpose is not rolled back, nor told again") {
  World world;
  world.gateway.stopped = true;
  world.gateway.verification = std::string("it was stopped on request");
  const auto completed = world.run();
  REQUIRE(completed);
  CHECK(completed->activation.use == gateway::Use::not_running);
  CHECK(world.gateway.activations == 1);
  CHECK(read_file(world.keystore) == keystores().renewed);
  CHECK_THAT(world.events(), !ContainsSubstring("renewal_rolled_back") && !ContainsSubstring("gateway_verified") &&
                                 ContainsSubstring("renewal_completed"));
  // It has started with it before.
  CHECK(in_use(world));
}
