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

// Debian's users of these names, one for the service and one for the gateway.
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
    // Others may look in, as on a host; mkdtemp makes it private.
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

void change_owner_of(const fs::path& keystore) {
  const User service = find_user("daemon").value();
  const auto change = plan_ownership_change(keystore, service);
  REQUIRE(change);
  CHECK_THAT(describe(*change, "daemon", true), ContainsSubstring("daemon, group games"));
  REQUIRE(change_owner(*change, service));
}

TEST_CASE("init --permissions writes a rule and a drop-in from the configuration") {
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

TEST_CASE("the rule holds the unit's own name, and is stale when an alias leads to another unit") {
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
    const auto stale = stale_permissions(settings, host.directory / "root");
    REQUIRE(stale.size() == 1);
    CHECK_THAT(stale.front(), ContainsSubstring("daemon may restart other.service"));
  }
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()),
             ContainsSubstring("var units = [\"other.service\", \"real.service\", \"missing.service\"];"));
}

TEST_CASE("the drop-in loads credentials, and a missing one is reported") {
  Host host;
  host.configure("systemd: {unit: gateway.service}", "{credential: renewd-test-password}");
  CHECK(host.run() == (is_root() ? kFailure : kSuccess));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("LoadCredential=renewd-test-password\n"));
  CHECK((host.out.str().find("still missing: /etc/credstore/renewd-test-password") != std::string::npos) == is_root());
}

TEST_CASE("a second run changes nothing, and a changed configuration replaces the files") {
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

TEST_CASE("the configured places of metrics become writable, except in the unit's own runtime directory") {
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

TEST_CASE("stale_permissions() reports missing files until this program or an operator writes them") {
  if (!is_root()) {
    WARN("skipped: only root gets a report");
    return;
  }
  Host host;
  const auto settings = configuration::load(host.configuration()).value();
  const auto root = host.directory / "root";
  const auto stale = [&] { return stale_permissions(settings, root); };
  CHECK(stale().empty());  // no service is installed
  const std::string unit = "[Service]\nUser=daemon\nExecStart=/usr/bin/gravitee-renewd run\n";
  fs::create_directories(root / "usr/lib/systemd/system");
  write_file(root / "usr/lib/systemd/system/gravitee-renewd.service", unit);
  REQUIRE(stale().size() == 2);
  CHECK_THAT(stale()[0], StartsWith(host.rules().string()) && ContainsSubstring("daemon may restart gateway.service"));
  CHECK_THAT(stale()[1], StartsWith(host.drop_in().string()) && ContainsSubstring("runs as daemon"));
  SECTION("by this program") {
    REQUIRE(host.run() == kSuccess);
    CHECK(stale().empty());
    host.configure("systemd: {units: [gateway.service, 'odd\\x2dname.service']}");
    const auto changed = configuration::load(host.configuration()).value();
    REQUIRE(stale_permissions(changed, root).size() == 1);
    CHECK_THAT(stale_permissions(changed, root).front(), StartsWith(host.rules().string()));
    REQUIRE(host.run() == kSuccess);
    CHECK(stale_permissions(changed, root).empty());
    return;
  }
  SECTION("by an operator, in files beside them") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules().parent_path() / "10-mine.rules", "// org.freedesktop.systemd1.manage-units for all");
    write_file(host.drop_in().parent_path() / "override.conf", "[Service]\nProtectSystem=no\n");
  }
  SECTION("by an operator, in their place") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules(), "mine");
    write_file(host.drop_in(), "mine");
  }
  SECTION("by an operator's own unit") {
    fs::create_directories(root / "etc/systemd/system");
    write_file(root / "etc/systemd/system/gravitee-renewd.service", unit);
  }
  CHECK(stale().empty());
}

TEST_CASE("the rule is removed when no unit is left") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  host.configure("none: {}");
  REQUIRE(host.run() == kSuccess);
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK_THAT(host.out.str(), ContainsSubstring("removed " + host.rules().string()));
}

TEST_CASE("only --force overwrites a file that was changed by hand, and both files are written or none") {
  Host host;
  fs::create_directories(host.drop_in().parent_path());
  write_file(host.drop_in(), "[Service]\nUser=me\n");
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring(host.drop_in().string()));
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK(read_file(host.drop_in()) == "[Service]\nUser=me\n");
  REQUIRE(host.run(true) == kSuccess);
  CHECK(is_unmodified(read_file(host.drop_in())));
}

TEST_CASE("a dry run shows both files and writes none") {
  Host host;
  REQUIRE(host.run(false, true) == kSuccess);
  CHECK_THAT(host.out.str(), ContainsSubstring("polkit.addRule") && ContainsSubstring("[Service]"));
  CHECK_FALSE(fs::exists(host.directory / "root"));
}

TEST_CASE("files that the service's user cannot read or write are reported, with exit status 1") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  fs::permissions(host.directory / "token", fs::perms(0600));
  REQUIRE(::chown((host.directory / "real").c_str(), 0, 0) == 0);
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\nGroup=daemon\n"));
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("fchown"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  CHECK_THAT(host.out.str(), ContainsSubstring("read " + (host.directory / "token").string() + "\n"));
  CHECK_THAT(host.out.str(), ContainsSubstring("write to " + (host.directory / "real").string() + "\n"));
  CHECK_THAT(host.out.str(), !ContainsSubstring("read " + host.configuration().string()));
}

TEST_CASE("fchown is allowed for a keystore of another group, unless its directory passes the group on") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
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

TEST_CASE("the gateway's keystore is given to the service, and the gateway's group may read it") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  REQUIRE(::chmod(host.keystore().c_str(), 04600) == 0);
  REQUIRE(::chmod((host.directory / "real").c_str(), 0775) == 0);
  SECTION("a dry run announces the change") {
    REQUIRE(host.run(false, true) == kSuccess);
    CHECK_THAT(host.out.str(), ContainsSubstring("daemon, group games") && ContainsSubstring("chown -R") &&
                                   ContainsSubstring("install -d -o daemon -g games"));
    CHECK(status_of(host.keystore()).st_uid == kGames);
    return;
  }
  host.run();
  CHECK(status_of(host.keystore()).st_uid == kGames);  // with another root than /, nothing of this host is changed
  change_owner_of(host.directory / "link/keystore.p12");
  CHECK(status_of(host.keystore()).st_uid == kDaemon);
  CHECK(status_of(host.keystore()).st_gid == 60);  // games, which is another number for the group
  CHECK((status_of(host.keystore()).st_mode & 07777U) == 0640);
  CHECK(status_of(host.directory / "real").st_uid == kDaemon);
  CHECK((status_of(host.directory / "real").st_mode & 07777U) == 02755);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\n") && ContainsSubstring("Groups=games\n"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  host.run();
  CHECK_THAT(host.out.str(), !ContainsSubstring("group games") && StartsWith("unchanged "));
}

TEST_CASE("the commands of the upgrade note are quoted for a shell") {
  const OwnershipChange change{.keystore = "/srv/it's here/k.p12",
                               .file = "/srv/it's here/k.p12",
                               .owner = kGames,
                               .owner_name = "games",
                               .group = kGames,
                               .group_name = "games"};
  CHECK_THAT(upgrade_note(change, "daemon", "production"), ContainsSubstring(" cat '/srv/it'\\''s here/k.p12' | "));
}

TEST_CASE("two keystores of one directory can change their owner, planned one by one or together") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  host.give_all_to(kGames);
  const fs::path second = host.directory / "real/second.p12";
  write_file(second, "keystore");
  REQUIRE(::chown(second.c_str(), kGames, kGames) == 0);
  if (GENERATE(true, false)) {
    change_owner_of(host.keystore());
    change_owner_of(second);
  } else {
    const User service = find_user("daemon").value();
    const auto first = plan_ownership_change(host.keystore(), service);
    const auto other = plan_ownership_change(second, service);
    REQUIRE((first && other));
    REQUIRE(change_owner(*first, service));
    REQUIRE(change_owner(*other, service));
  }
  CHECK(status_of(host.keystore()).st_uid == kDaemon);
  CHECK(status_of(second).st_uid == kDaemon);
  CHECK((status_of(second).st_mode & 07777U) == 0640);
}

TEST_CASE("the files of a third user keep their owner") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
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
  CHECK_THAT(host.errors.str(), ContainsSubstring("man/diary"));
  CHECK(status_of(theirs / "diary").st_uid == kMan);
  CHECK(status_of(theirs).st_uid == kMan);
}

TEST_CASE("the service may share the gateway's user") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
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

TEST_CASE("the files of root keep their owner, and the service never runs as root") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
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
  CHECK_THAT(host.errors.str(), ContainsSubstring("production: "));
  CHECK_FALSE(fs::exists(host.drop_in()));
  CHECK(status_of(victim).st_uid == 0);
  CHECK(status_of(host.directory.path()).st_uid == 0);
  host.user = "root";
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("as root"));
}

TEST_CASE("a directory that a unit file cannot name is refused") {
  Host host;
  const fs::path odd = host.directory / GENERATE("a\"b", "a'b", "a\\x41", "a\nb");
  fs::create_directory(odd);
  host.configure("none: {}", "{credential: a}", "state_directory: " + yaml_of(odd) + "\n");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("ReadWritePaths="));
}

TEST_CASE("a keystore and a service of an unknown user are refused") {
  if (!is_root()) {
    WARN("skipped: only root can give files away");
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

TEST_CASE("a missing keystore and an invalid configuration are errors") {
  Host host;
  fs::remove(host.directory / "real/keystore.p12");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("production") && ContainsSubstring("No such file"));
  write_file(host.configuration(), "certificates: []\n");
  CHECK(host.run() == kUsageError);
}

}  // namespace
}  // namespace renewd::commands
