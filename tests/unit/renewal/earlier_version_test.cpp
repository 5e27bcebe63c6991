// Renewals that an earlier version of the daemon left unfinished: unfinished/, made by its binary.
#include <filesystem>

#include "core/text.hpp"
#include "renewal/renewal.hpp"
#include "state/journal.hpp"
#include "support/catch.hpp"
#include "unit/renewal/world.hpp"

using namespace renewd;
using namespace renewd::renewal;
using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

const fs::path kUnfinished(UNFINISHED_RENEWALS);

constexpr const char* kToTheEnd = "renewal_resumed gateway_activated gateway_verified renewal_completed";
constexpr const char* kInstalledFirst =
    "renewal_resumed keystore_installed gateway_activated gateway_verified renewal_completed";
constexpr const char* kRolledBack = "renewal_resumed gateway_activated gateway_verified renewal_rolled_back";

// What the next run logs, with a gateway that starts with any keystore.
struct Resumed {
  std::string name;
  std::string events;
};

const std::vector<Resumed> kResumed = {
    {"requested",
     "renewal_requested renewal_answered keystore_installed gateway_activated gateway_verified renewal_completed"},
    {"requested-and-answer-stored", kInstalledFirst},
    {"answered", kInstalledFirst},
    {"answered-and-judged-once", kInstalledFirst},
    {"accepted", kInstalledFirst},
    {"accepted-and-replaced", kInstalledFirst},
    {"installed", kToTheEnd},
    {"installed-and-refused", kToTheEnd},
    {"installed-and-told", kToTheEnd},
    {"told-units", kToTheEnd},
    {"not-rolled-back", kToTheEnd},
    {"activating-by-hand", "renewal_resumed gateway_activated gateway_verified"},
    {"activated", "renewal_resumed gateway_verified renewal_completed"},
    {"verified", "renewal_resumed renewal_completed"},
    {"rolling-back", kRolledBack},
    {"rolling-back-and-put-back", kRolledBack},
    {"rolling-back-and-refused-too", kRolledBack},
    {"going-back-by-hand", kRolledBack},
    {"rolled-back-once", kInstalledFirst},
    {"rolled-back-twice", kInstalledFirst},
};

void restore(World& world, const std::string& name) {
  const fs::path state = world.directory / "state/production";
  fs::create_directories(state);
  fs::copy(kUnfinished / name, state, fs::copy_options::recursive);
  fs::rename(state / "keystore.p12", world.keystore);
  for (const auto& entry : fs::recursive_directory_iterator(world.directory / "state")) {
    fs::permissions(entry.path(), entry.is_directory() ? fs::perms::owner_all : fs::perms(0600));
  }
  fs::permissions(world.directory / "state", fs::perms::owner_all);
  world.cloud.response->body = base64(read_file(kUnfinished / "renewed.p12"));
  world.clock.time = parse_time("2026-11-27T00:00:00Z");
}

}  // namespace

TEST_CASE("a renewal that an earlier version left unfinished is resumed") {
  const auto& resumed = GENERATE(from_range(kResumed));
  CAPTURE(resumed.name);
  World world;
  restore(world, resumed.name);
  const bool rolls_back = resumed.events == kRolledBack;
  CHECK(world.run().has_value() != rolls_back);
  CHECK(world.events() == resumed.events);
  CHECK(world.cloud.requests == (resumed.name == "requested" ? 1 : 0));
  CHECK(read_file(world.keystore) == read_file(kUnfinished / (rolls_back ? "installed.p12" : "renewed.p12")));
  CHECK(fs::exists(world.directory / "state/production/journal") == rolls_back);
  if (rolls_back && resumed.name != "going-back-by-hand") {
    REQUIRE(world.run());
    CHECK(world.cloud.requests == 0);
    CHECK(read_file(world.keystore) == read_file(kUnfinished / "renewed.p12"));
  }
}

TEST_CASE("a renewal that an earlier version rolled back twice is given up after the third time") {
  World world;
  restore(world, "rolled-back-twice");
  world.gateway.on_activate = [&] {
    const bool renewed = read_file(world.keystore) == read_file(kUnfinished / "renewed.p12");
    world.gateway.activation =
        renewed ? Result<gateway::Activation>(failure(ErrorKind::gateway, "the gateway does not start"))
                : gateway::Activation{gateway::Use::in_use, "restarted"};
  };
  REQUIRE_FALSE(world.run());
  CHECK_FALSE(fs::exists(world.directory / "state/production/answer"));
  CHECK_FALSE(fs::exists(world.directory / "state/production/journal"));
}

TEST_CASE("the state of the gateway before an earlier version activated it is known") {
  World world;
  restore(world, "told-units");
  std::optional<gateway::GatewaySnapshot> before;
  world.gateway.on_activate = [&] { before = world.gateway.last_before; };
  REQUIRE(world.run());
  REQUIRE(before);
  CHECK(before->running == std::vector<std::string>{"fake.service", "stopped.service"});
  CHECK(before->invocations == std::map<std::string, std::string>{{"fake.service", "c1d70c35b7f04f4a9d5f1c2a7a1f0e52"},
                                                                  {"stopped.service", ""}});
  CHECK(before->began == TimePoint(std::chrono::microseconds(1795672092431348)));
  CHECK(before->log_position == "39:9:5 /srv/renewd/gateway.log");
}

TEST_CASE("the journal of an earlier version is written as it was read") {
  for (const auto& resumed : kResumed) {
    CAPTURE(resumed.name);
    const std::string text = read_file(kUnfinished / resumed.name / "journal");
    const auto entry = state::parse_journal(text);
    REQUIRE(entry);
    CHECK(state::serialize(*entry) == text);
  }
}
