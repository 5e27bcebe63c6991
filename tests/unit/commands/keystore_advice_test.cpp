// What `init --permissions` says when a keystore belongs to the wrong user. Each advice is followed as it is printed,
// and none of them lets the service run as root.
#include "commands/keystore_advice.hpp"

#include <cstdlib>

#include "commands/exit_status.hpp"
#include "commands/keystore_owner.hpp"
#include "commands/service_user.hpp"
#include "permissions_host.hpp"

namespace renewd::commands {
namespace {

constexpr uid_t kMan = 6;
constexpr gid_t kManGroup = 12;
constexpr gid_t kDaemonGroup = 1;

// The commands in "…; run COMMANDS, then gravitee-renewd init --permissions".
std::string commands_in(const std::string& text) {
  const auto run = text.find("run ");
  REQUIRE(run != std::string::npos);
  const auto begin = run + 4;
  return text.substr(begin, text.find_first_of(",\n", begin) - begin);
}

void follow_advice(const std::string& text) {
  const std::string commands = commands_in(text);
  INFO(commands);
  REQUIRE(std::system(commands.c_str()) == 0);
}

// Moves the keystore's directory into one of this user.
fs::path move_into_home(const Host& host, uid_t owner, int mode) {
  const fs::path home = host.directory / "home";
  fs::create_directory(home);
  fs::rename(host.directory / "real", home / "real");
  fs::remove(host.directory / "link");
  fs::create_directory_symlink(home / "real", host.directory / "link");
  Host::give(home, owner, owner);
  fs::permissions(home, fs::perms(mode));
  return home / "real";
}

// A host on which init refuses, without a change.
std::string refusal(Host& host) {
  CHECK(host.run() == kFailure);
  CHECK_FALSE(fs::exists(host.drop_in()));
  CHECK_THAT(host.errors.str(), !ContainsSubstring("User=root") && !ContainsSubstring("--user"));
  return host.errors.str();
}

TEST_CASE("a keystore of root goes to the owner of its directory") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.install_unit("User=games\n");
  const std::string file = host.keystore().string();
  const std::string directory = (host.directory / "real").string();
  host.give_all_to(kGames);
  Host::give(file, 0, 0);
  fs::permissions(file, fs::perms(0600));
  SECTION("the gateway's user") {
    const std::string refused = refusal(host);
    CHECK_THAT(refused, ContainsSubstring(file + " is not changed: it belongs to root (uid 0); run chown games: " +
                                          file + ", then gravitee-renewd init --permissions\n"));
    follow_advice(refused);
    host.run();
    CHECK_THAT(host.out.str(), ContainsSubstring("must belong to daemon, group games"));
  }
  SECTION("the gateway's user, also of a directory of root in one of theirs") {
    const fs::path moved = move_into_home(host, kGames, 0755);
    Host::give(moved, 0, 0);
    const std::string refused = refusal(host);
    CHECK_THAT(refused, ContainsSubstring("run chown games: " + moved.string() + " " +
                                          (moved / "keystore.p12").string() + ", then"));
    follow_advice(refused);
    CHECK(status_of(moved).st_uid == kGames);
  }
  SECTION("the service") {
    Host::give(directory, kDaemon, kDaemon);
    const std::string refused = refusal(host);
    CHECK_THAT(refused, ContainsSubstring("run chown daemon:games " + directory + " " + file));
    follow_advice(refused);
    CHECK(host.run() == kSuccess);
    CHECK(status_of(file).st_uid == kDaemon);
    CHECK(status_of(file).st_gid == kGamesGroup);
  }
}

TEST_CASE("a keystore of a third user goes to the owner of its directory") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.install_unit("User=games\n");
  host.give_all_to(kGames);
  Host::give(host.keystore(), kMan, kMan);
  const std::string refused = refusal(host);
  CHECK_THAT(refused, ContainsSubstring("run chown games: "));
  follow_advice(refused);
  CHECK(status_of(host.keystore()).st_uid == kGames);
}

TEST_CASE("a keystore in a directory of root moves to a directory of its own") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  Host::give(host.directory / "real", 0, 0);
  const auto from = (host.directory / "link/keystore.p12").string();
  SECTION("root's, for the gateway's group to read") {
    host.install_unit("User=games\n");
    Host::give(host.keystore(), 0, kGamesGroup);
    CHECK_THAT(refusal(host),
               ContainsSubstring("run install -d -o daemon -g games -m 2750 /var/lib/gravitee-keystore && "
                                 "install -o daemon -g games -m 0640 " +
                                 from + " /var/lib/gravitee-keystore/production.p12, change the path"));
  }
  SECTION("root's, where the gateway runs as root") {
    host.install_unit("");
    Host::give(host.keystore(), 0, 0);
    CHECK_THAT(refusal(host), ContainsSubstring("install -o daemon -g daemon -m 0640 " + from));
  }
  SECTION("the gateway's: root does not read it") {
    Host::give(host.keystore(), kGames, kGamesGroup);
    CHECK_THAT(refusal(host), ContainsSubstring("runuser -u games -- cat " + from + " | install -o daemon -g games"));
  }
}

TEST_CASE("no advice gives away a file that others have chosen") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.install_unit("User=games\n");
  host.give_all_to(kGames);
  const fs::path victim = host.directory / "victim";
  fs::create_directory(victim);
  write_file(victim / "secret", "private");
  fs::remove(host.keystore());
  SECTION("of root, by a link") {
    fs::create_symlink(victim / "secret", host.keystore());
  }
  SECTION("of a third user, by a link") {
    Host::give(victim, kMan, kManGroup);
    Host::give(victim / "secret", kMan, kManGroup);
    fs::create_symlink(victim / "secret", host.keystore());
  }
  SECTION("of root, by a second name") {
    fs::create_hard_link(victim / "secret", host.keystore());
  }
  if (fs::is_symlink(host.keystore())) {
    REQUIRE(::lchown(host.keystore().c_str(), kGames, kGames) == 0);
  }
  CHECK_THAT(refusal(host), !ContainsSubstring("chown") && !ContainsSubstring("install -"));
}

TEST_CASE("the gateway must be able to read the keystore of the service") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.install_unit("User=games\n");
  fs::permissions(host.keystore(), fs::perms(0600));
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(host.out.str(), ContainsSubstring("still missing: games, the user of the gateway, cannot read " +
                                               (host.directory / "link/keystore.p12").string()));
  follow_advice(host.out.str().substr(host.out.str().find("still missing")));
  CHECK(host.run() == kSuccess);
  CHECK((status_of(host.keystore()).st_mode & 07777U) == 0640);
  CHECK(status_of(host.keystore()).st_gid == kGamesGroup);
  // A directory above that it cannot search.
  const fs::path moved = move_into_home(host, kDaemon, 0750);
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.out.str(), ContainsSubstring("namei -l " + moved.parent_path().string()));
}

TEST_CASE("the group of a transferred keystore is one of the gateway's, not of its previous owner") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(kMan);
  Host::give(host.keystore(), kMan, kGamesGroup);
  host.install_unit("User=games\n");
  host.run();
  CHECK_THAT(host.out.str(), ContainsSubstring("group games: games can read the keystore"));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("SupplementaryGroups=games\n"));
}

TEST_CASE("several certificates with different owners all get the service's user") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  const fs::path other = host.directory / "other";
  fs::create_directory(other);
  write_file(other / "second.jks", "keystore");
  Host::give(other, kMan, kManGroup);
  Host::give(other / "second.jks", kMan, kManGroup);
  write_file(host.configuration(),
             read_file(host.configuration()) +
                 "  - name: second\n    account_url: https://cloud.example/management/accounts/a\n    token: {file: " +
                 (host.directory / "token").string() + "}\n    keystore: {path: " + (other / "second.jks").string() +
                 ", password: {env: PASSWORD}}\n    gateway: {none: {}}\n");
  host.run();
  CHECK_THAT(host.out.str(), ContainsSubstring("production: ") && ContainsSubstring("games can read the keystore"));
  CHECK_THAT(host.out.str(), ContainsSubstring("second: ") && ContainsSubstring("man can read the keystore"));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("SupplementaryGroups=games man\n"));
}

TEST_CASE("a link to a directory elsewhere needs a restart of the service when it changes, and init says so") {
  Host host;
  const fs::path elsewhere = host.directory / "versions/4.9.0";
  fs::create_directories(elsewhere);
  fs::rename(host.keystore(), elsewhere / "keystore.p12");
  fs::remove(host.directory / "link");
  fs::create_directory_symlink(elsewhere, host.directory / "link");
  if (is_root()) {
    Host::give(elsewhere, kDaemon, kDaemonGroup);
  }
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("ReadWritePaths=-" + (host.directory / "link").string() +
                                                          "\nReadWritePaths=-" + elsewhere.string() + "\n"));
  CHECK_THAT(host.out.str(), ContainsSubstring((host.directory / "link").string() + " is a link; after each change") &&
                                 ContainsSubstring("systemctl restart gravitee-renewd"));
}

TEST_CASE("a service that runs as root is reported, with what to do") {
  Host host;
  const fs::path root = host.directory / "root";
  CHECK(why_not_root(root).empty());
  const auto* const service = "gravitee-renewd.service";
  host.install_unit("User=daemon\n", service);
  CHECK(why_not_root(root).empty());
  const fs::path drop_in = root / "etc/systemd/system/gravitee-renewd.service.d/override.conf";
  fs::create_directories(drop_in.parent_path());
  for (const char* user : {"root", "0", ""}) {
    write_file(drop_in, std::string("[Service]\nUser=") + user + "\n");
    CHECK_THAT(why_not_root(root), ContainsSubstring("runs as root") && ContainsSubstring("systemctl cat"));
  }
  write_file(drop_in, "[Service]\nUser=root\n");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.out.str(), ContainsSubstring("still missing: gravitee-renewd.service runs as root"));
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("User=root"));
}

}  // namespace
}  // namespace renewd::commands
