#include "commands/permissions.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "commands/exit_status.hpp"
#include "commands/keystore_owner.hpp"
#include "commands/permission_files.hpp"
#include "configuration/loader.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::commands {
namespace {

using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;
namespace fs = std::filesystem;

// Users of Debian: one for the service, one for the gateway.
constexpr uid_t kDaemon = 1;
constexpr uid_t kGames = 5;

bool is_root() {
  return ::geteuid() == 0;
}

struct stat status_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

// A double-quoted scalar.
std::string yaml_of(const fs::path& path) {
  std::string text = "\"";
  for (const char c : path.string()) {
    text += c == '\n' ? "\\n" : c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return text + "\"";
}

struct Host {
  Host() {
    // Others can read it, as on a real host; mkdtemp makes it private.
    fs::permissions(directory.path(), fs::perms(0755));
    fs::create_directory(directory / "real");
    write_file(directory / "real/keystore.p12", "keystore");
    write_file(directory / "token", "token");
    fs::create_directory_symlink(directory / "real", directory / "link");
    configure();
    if (is_root()) {
      give_all_to(kDaemon);
    }
  }

  // The keystore and its directory.
  void give_all_to(uid_t owner) const {
    REQUIRE(::chown((directory / "real").c_str(), owner, owner) == 0);
    REQUIRE(::chown(keystore().c_str(), owner, owner) == 0);
  }

  void configure(const std::string& gateway = "systemd: {unit: gateway.service}",
                 const std::string& password = "{env: PASSWORD}", const std::string& more = "") {
    write_file(configuration(),
               "certificates:\n  - name: production\n"
               "    account_url: https://cloud.example/management/accounts/a\n    token: {file: " +
                   (directory / "token").string() +
                   "}\n    keystore: {path: " + (directory / "link/keystore.p12").string() + ", password: " + password +
                   "}\n    gateway: {" + gateway + "}\n" + more);
  }

  int run(bool force = false, bool dry_run = false) {
    out.str("");
    errors.str("");
    return permissions({configuration(), directory / "root", dry_run, force, user}, out, errors);
  }

  fs::path configuration() const { return directory / "config.yaml"; }
  fs::path rules() const { return directory / "root/etc/polkit-1/rules.d/50-gravitee-renewd.rules"; }
  fs::path drop_in() const {
    return directory / "root/etc/systemd/system/gravitee-renewd.service.d/50-gravitee-renewd.conf";
  }

  fs::path keystore() const { return directory / "real/keystore.p12"; }

  TemporaryDirectory directory;
  std::string user = is_root() ? "daemon" : std::to_string(::geteuid());
  std::ostringstream out;
  std::ostringstream errors;
};

void transfer_keystore(const fs::path& keystore) {
  const User service = find_user("daemon").value();
  const auto foreign = plan_transfer(keystore, service);
  REQUIRE(foreign);
  CHECK_THAT(describe(*foreign, "daemon", true), ContainsSubstring("daemon, group games: games can read"));
  REQUIRE(transfer(*foreign, service));
}

TEST_CASE("a rule and a drop-in are written from the configuration") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("\"gateway.service\""));
  const std::string drop_in = read_file(host.drop_in());
  CHECK_THAT(drop_in, ContainsSubstring("ReadWritePaths=-" + (host.directory / "link").string() + "\n"));
  CHECK_THAT(drop_in, ContainsSubstring("ReadWritePaths=-" + (host.directory / "real").string() + "\n"));
  CHECK_THAT(host.out.str(), ContainsSubstring("wrote " + host.rules().string()));
  CHECK_THAT(host.out.str(), ContainsSubstring("may restart gateway.service"));
  CHECK_THAT(host.out.str(), EndsWith("next: systemctl daemon-reload && systemctl try-restart gravitee-renewd\n"));
  struct stat status{};
  REQUIRE(::stat(host.rules().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0644);
}

TEST_CASE("the rule contains the unit's own name, and is outdated when an alias leads to another unit") {
  Host host;
  const fs::path units = host.directory / "root/etc/systemd/system";
  fs::create_directories(units);
  for (const auto* name : {"real.service", "other.service"}) {
    write_file(units / name, "[Service]\nExecStart=/bin/true\n");
  }
  const fs::path packaged = host.directory / "root/usr/lib/systemd/system";
  fs::create_directories(packaged);
  write_file(packaged / "gravitee-renewd.service", "[Service]\nUser=daemon\nExecStart=/bin/true\n");
  fs::create_symlink("real.service", units / "gateway.service");
  fs::create_symlink("gateway.service", units / "old-name.service");
  host.configure("systemd: {units: [gateway.service, real.service, old-name.service, missing.service]}");
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("var units = [\"real.service\", \"missing.service\"];"));
  fs::remove(units / "gateway.service");
  fs::create_symlink("other.service", units / "gateway.service");
  if (is_root()) {
    const auto settings = configuration::load(host.configuration()).value();
    const auto outdated = outdated_permissions(settings, host.directory / "root");
    REQUIRE(outdated.size() == 1);
    CHECK_THAT(outdated.front(),
               ContainsSubstring("does not match the configuration (daemon may restart other.service"));
  }
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()),
             ContainsSubstring("var units = [\"other.service\", \"real.service\", \"missing.service\"];"));
}

TEST_CASE("loads credentials, and reports a missing one") {
  Host host;
  host.configure("systemd: {unit: gateway.service}", "{credential: renewd-test-password}");
  CHECK(host.run() == (is_root() ? kFailure : kSuccess));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("LoadCredential=renewd-test-password\n"));
  CHECK((host.out.str().find("still missing: /etc/credstore/renewd-test-password") != std::string::npos) == is_root());
}

TEST_CASE("changes nothing the second time, and updates the files for another configuration") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  const std::string first = read_file(host.rules());
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(host.out.str(), StartsWith("unchanged "));
  CHECK(read_file(host.rules()) == first);
  host.configure("systemd: {unit: other.service}, verify: {log: {unit: other.service, ready: ok}}");
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("[\"other.service\"]"));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("SupplementaryGroups=systemd-journal\n"));
}

TEST_CASE("the service can write its metrics, and needs nothing for a socket in its own directory") {
  Host host;
  host.configure("none: {}", "{env: PASSWORD}",
                 "metrics: {textfile: /srv/node-exporter/renewd.prom, listen: 'unix:/run/gravitee-renewd/metrics'}\n");
  host.run();  // those directories are not on this host
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("ReadWritePaths=-/srv/node-exporter\n"));
  CHECK(read_file(host.drop_in()).find("/run/") == std::string::npos);
  host.configure("none: {}", "{env: PASSWORD}", "metrics: {listen: 'unix:/run/other/metrics'}\n");
  host.run();  // those directories are not on this host
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("ReadWritePaths=-/run/other\n"));
}

TEST_CASE("reports missing permissions until this program or an administrator grants them") {
  if (!is_root()) {
    WARN("skipped: only root gets this report");
    return;
  }
  Host host;
  const auto settings = configuration::load(host.configuration()).value();
  const auto root = host.directory / "root";
  const auto missing = [&] { return outdated_permissions(settings, root); };
  CHECK(missing().empty());  // no service is installed
  const std::string unit = "[Service]\nUser=daemon\nExecStart=/usr/bin/gravitee-renewd run\n";
  fs::create_directories(root / "usr/lib/systemd/system");
  write_file(root / "usr/lib/systemd/system/gravitee-renewd.service", unit);
  const std::string run_it = "; run gravitee-renewd init --permissions";
  REQUIRE(missing().size() == 2);
  CHECK(missing()[0] == host.rules().string() + " is missing (daemon may restart gateway.service)" + run_it);
  CHECK_THAT(missing()[1],
             StartsWith(host.drop_in().string() + " is missing (the service runs as daemon, may write to "));
  SECTION("by this program") {
    REQUIRE(host.run() == kSuccess);
    CHECK(missing().empty());
    host.configure("systemd: {units: [gateway.service, 'odd\\x2dname.service']}");
    const auto changed = configuration::load(host.configuration()).value();
    REQUIRE(outdated_permissions(changed, root).size() == 1);
    CHECK_THAT(outdated_permissions(changed, root).front(), ContainsSubstring("does not match the configuration"));
    REQUIRE(host.run() == kSuccess);
    CHECK(outdated_permissions(changed, root).empty());
    return;
  }
  SECTION("by an administrator, beside") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules().parent_path() / "10-mine.rules", "// org.freedesktop.systemd1.manage-units for all");
    write_file(host.drop_in().parent_path() / "override.conf", "[Service]\nProtectSystem=no\n");
  }
  SECTION("by an administrator, in their place") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules(), "mine");
    write_file(host.drop_in(), "mine");
  }
  SECTION("by an administrator's own unit") {
    fs::create_directories(root / "etc/systemd/system");
    write_file(root / "etc/systemd/system/gravitee-renewd.service", unit);
  }
  CHECK(missing().empty());
}

TEST_CASE("removes the rule when there is no unit any more") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  host.configure("none: {}");
  REQUIRE(host.run() == kSuccess);
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK_THAT(host.out.str(), ContainsSubstring("removed " + host.rules().string()));
}

TEST_CASE("only --force overwrites a file that was changed by hand, otherwise nothing is written") {
  Host host;
  fs::create_directories(host.drop_in().parent_path());
  write_file(host.drop_in(), "[Service]\nUser=me\n");
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring(host.drop_in().string() + " was changed by hand"));
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK(read_file(host.drop_in()) == "[Service]\nUser=me\n");
  REQUIRE(host.run(true) == kSuccess);
  CHECK(has_valid_checksum(read_file(host.drop_in())));
}

TEST_CASE("a dry run shows both files and writes neither") {
  Host host;
  REQUIRE(host.run(false, true) == kSuccess);
  CHECK_THAT(host.out.str(), ContainsSubstring("polkit.addRule") && ContainsSubstring("[Service]"));
  CHECK_FALSE(fs::exists(host.directory / "root"));
}

TEST_CASE("reports files that the service's user cannot read or write, and fails") {
  if (!is_root()) {
    WARN("skipped: only root can change owners");
    return;
  }
  Host host;
  fs::permissions(host.directory / "token", fs::perms(0600));
  REQUIRE(::chown((host.directory / "real").c_str(), 0, 0) == 0);
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\nGroup=daemon\n"));
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("fchown"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon cannot read " + (host.directory / "token").string() + "\n"));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon cannot write to " + (host.directory / "real").string() + "\n"));
  CHECK_THAT(host.out.str(), !ContainsSubstring("cannot read " + host.configuration().string()));
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
    const auto first = plan_transfer(host.keystore(), service);
    const auto other = plan_transfer(second, service);
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

TEST_CASE("refuses a directory that a unit file cannot contain") {
  Host host;
  const fs::path odd = host.directory / GENERATE("a\"b", "a'b", "a\\x41", "a\nb");
  fs::create_directory(odd);
  host.configure("none: {}", "{credential: a}", "state_directory: " + yaml_of(odd) + "\n");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("ReadWritePaths=") && ContainsSubstring("use another directory"));
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

TEST_CASE("fails for a missing keystore and a wrong configuration") {
  Host host;
  fs::remove(host.directory / "real/keystore.p12");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("production") && ContainsSubstring("No such file"));
  write_file(host.configuration(), "certificates: []\n");
  CHECK(host.run() == kUsageError);
}

}  // namespace

TEST_CASE("the commands of the relocation advice are quoted for a shell") {
  const KeystoreTransfer transfer{.keystore = "/srv/it's here/k.p12",
                                  .file = "/srv/it's here/k.p12",
                                  .owner = kGames,
                                  .owner_name = "games",
                                  .group = kGames,
                                  .group_name = "games"};
  CHECK_THAT(relocation_advice(transfer, "daemon", "production"),
             ContainsSubstring(" cat '/srv/it'\\''s here/k.p12' | "));
}

}  // namespace renewd::commands
