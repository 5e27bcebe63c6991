// Whom a keystore belongs to, and who gets it, after `init --permissions`; keystore_advice_test.cpp has the advice.
#include "commands/keystore_owner.hpp"

#include "commands/exit_status.hpp"
#include "permissions_host.hpp"

namespace renewd::commands {
namespace {

void transfer_keystore(const fs::path& keystore) {
  const User service = find_user("daemon").value();
  const auto foreign = plan_transfer({"production", keystore, {}}, service);
  REQUIRE(foreign);
  CHECK_THAT(describe(*foreign, "daemon", true), ContainsSubstring("daemon, group games: games can read"));
  REQUIRE(transfer(*foreign, service));
}

TEST_CASE("a keystore with another group than its owner's needs fchown, unless its directory sets the group") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  REQUIRE(::chown(host.keystore().c_str(), kDaemon, 2) == 0);
  host.run();
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("SystemCallFilter=fchown\n"));
  REQUIRE(::chown((host.directory / "real").c_str(), kDaemon, 2) == 0);
  REQUIRE(::chmod((host.directory / "real").c_str(), 02750) == 0);
  host.run();
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("fchown"));
}

TEST_CASE("transfers the gateway's keystore to the service, and the gateway's group can read it") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  REQUIRE(::chmod(host.keystore().c_str(), 04600) == 0);
  REQUIRE(::chmod((host.directory / "real").c_str(), 0775) == 0);
  SECTION("dry run") {
    REQUIRE(host.run(false, true) == kSuccess);
    CHECK_THAT(host.out.str(), ContainsSubstring("must belong to daemon, group games: games can read") &&
                                   ContainsSubstring("chown -R") && ContainsSubstring("install -d -o daemon -g games"));
    CHECK(status_of(host.keystore()).st_uid == kGames);
    return;
  }
  host.run();
  CHECK(status_of(host.keystore()).st_uid == kGames);  // with another root than /, nothing of this host is changed
  transfer_keystore(host.directory / "link/keystore.p12");
  CHECK(status_of(host.keystore()).st_uid == kDaemon);
  CHECK(status_of(host.keystore()).st_gid == 60);  // games, which is another number for the group
  CHECK((status_of(host.keystore()).st_mode & 07777U) == 0640);
  CHECK(status_of(host.directory / "real").st_uid == kDaemon);
  CHECK((status_of(host.directory / "real").st_mode & 07777U) == 02755);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\n") && ContainsSubstring("Groups=games\n"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  host.run();
  CHECK_THAT(host.out.str(), !ContainsSubstring("now belong") && StartsWith("unchanged "));
}

TEST_CASE("transfers two keystores of one directory, one after the other or together") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  const fs::path second = host.directory / "real/second.p12";
  write_file(second, "keystore");
  REQUIRE(::chown(second.c_str(), kGames, kGames) == 0);
  if (GENERATE(true, false)) {
    transfer_keystore(host.keystore());
    transfer_keystore(second);
  } else {
    const User service = find_user("daemon").value();
    const auto first = plan_transfer({"a", host.keystore(), {}}, service);
    const auto other = plan_transfer({"b", second, {}}, service);
    REQUIRE((first && other));
    REQUIRE(transfer(*first, service));
    REQUIRE(transfer(*other, service));
  }
  CHECK(status_of(host.keystore()).st_uid == kDaemon);
  CHECK(status_of(second).st_uid == kDaemon);
  CHECK((status_of(second).st_mode & 07777U) == 0640);
}

TEST_CASE("never transfers files of a third user") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  constexpr uid_t kMan = 6;
  Host host;
  host.give_all_to(kGames);
  const fs::path theirs = host.directory / "man";
  fs::create_directory(theirs);
  write_file(theirs / "diary", "private");
  REQUIRE(::chown(theirs.c_str(), kMan, kMan) == 0);
  REQUIRE(::chown((theirs / "diary").c_str(), kMan, kMan) == 0);
  fs::remove(host.keystore());
  fs::create_symlink(theirs / "diary", host.keystore());
  REQUIRE(::lchown(host.keystore().c_str(), kGames, kGames) == 0);
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("other users control the path"));
  CHECK(status_of(theirs / "diary").st_uid == kMan);
  CHECK(status_of(theirs).st_uid == kMan);
}

TEST_CASE("the service can run as the gateway's user") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  host.user = "games";
  host.run();
  CHECK(status_of(host.keystore()).st_uid == kGames);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=games\nGroup=games\n"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"games\""));
}

TEST_CASE("never transfers files of root, and never lets the service run as root") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  const fs::path victim = host.directory / "passwd";
  write_file(victim, "root:x:0:0");
  SECTION("a keystore that is a link to a file of root") {
    fs::remove(host.keystore());
    fs::create_symlink(victim, host.keystore());
  }
  SECTION("a keystore that is a second name of a file of root") {
    fs::remove(host.keystore());
    fs::create_hard_link(victim, host.keystore());
  }
  SECTION("a directory of root") {
    REQUIRE(::chown((host.directory / "real").c_str(), 0, 0) == 0);
    REQUIRE(::chown(host.keystore().c_str(), kGames, kGames) == 0);
  }
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("production: ") && ContainsSubstring("is not changed"));
  CHECK_FALSE(fs::exists(host.drop_in()));
  CHECK(status_of(victim).st_uid == 0);
  CHECK(status_of(host.directory.path()).st_uid == 0);
  host.user = "root";
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("must not run as root"));
}

TEST_CASE("refuses owners and users that do not exist") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(54321);
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("uid 54321"));
  host.user = "nobody-of-this-name";
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("nobody-of-this-name"));
}

TEST_CASE("the commands of the relocation advice are quoted for a shell") {
  const KeystoreTransfer transfer{.use = {"production", "/srv/it's here/k.p12", {}},
                                  .file = "/srv/it's here/k.p12",
                                  .owner = {.name = "games", .id = kGames},
                                  .reader = {.name = "games", .id = kGames},
                                  .group = kGames,
                                  .group_name = "games"};
  const auto advice = relocation_advice(transfer, {.name = "daemon", .id = kDaemon});
  CHECK_THAT(advice, ContainsSubstring(" cat '/srv/it'\\''s here/k.p12' | "));
  CHECK(relocation_advice(transfer, {.name = "games", .id = kGames}).empty());
}

}  // namespace
}  // namespace renewd::commands
