#include "commands/permissions.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "commands/exit_status.hpp"
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

struct Host {
  Host() {
    // Others may look in, as on a host; mkdtemp makes it private.
    fs::permissions(directory.path(), fs::perms(0755));
    fs::create_directory(directory / "real");
    write_file(directory / "real/keystore.p12", "keystore");
    write_file(directory / "token", "token");
    fs::create_directory_symlink(directory / "real", directory / "link");
    configure();
  }

  void configure(const std::string& gateway = "systemd: {unit: gateway.service}",
                 const std::string& password = "{credential: renewd-test-password}", const std::string& more = "") {
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
    return permissions({configuration(), directory / "root", dry_run, force}, out, errors);
  }

  fs::path configuration() const { return directory / "config.yaml"; }
  fs::path rules() const { return directory / "root/etc/polkit-1/rules.d/50-gravitee-renewd.rules"; }
  fs::path drop_in() const {
    return directory / "root/etc/systemd/system/gravitee-renewd.service.d/50-gravitee-renewd.conf";
  }

  TemporaryDirectory directory;
  std::ostringstream out;
  std::ostringstream errors;
};

// The keystore.
void give_to(uid_t user, const Host& host) {
  REQUIRE(::chown((host.directory / "real/keystore.p12").c_str(), user, user) == 0);
}

TEST_CASE("a rule and a drop-in are written from the configuration") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("\"gateway.service\""));
  const std::string drop_in = read_file(host.drop_in());
  CHECK_THAT(drop_in, ContainsSubstring("ReadWritePaths=-" + (host.directory / "link").string() + "\n"));
  CHECK_THAT(drop_in, ContainsSubstring("ReadWritePaths=-" + (host.directory / "real").string() + "\n"));
  CHECK_THAT(drop_in, ContainsSubstring("LoadCredential=renewd-test-password\n"));
  CHECK_THAT(host.out.str(), ContainsSubstring("wrote " + host.rules().string()));
  CHECK_THAT(host.out.str(), ContainsSubstring("may restart gateway.service"));
  CHECK_THAT(host.out.str(), EndsWith("next: systemctl daemon-reload && systemctl try-restart gravitee-renewd\n"));
  struct stat status{};
  REQUIRE(::stat(host.rules().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0644);
}

TEST_CASE("a second time changes nothing, and another configuration replaces what the first one wrote") {
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

TEST_CASE("metrics may be written where they are configured, and a socket in the unit's own directory needs nothing") {
  Host host;
  host.configure("none: {}", "{credential: renewd-test-password}",
                 "metrics: {textfile: /srv/node-exporter/renewd.prom, listen: 'unix:/run/gravitee-renewd/metrics'}\n");
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("ReadWritePaths=-/srv/node-exporter\n"));
  CHECK(read_file(host.drop_in()).find("/run/") == std::string::npos);
  host.configure("none: {}", "{credential: renewd-test-password}", "metrics: {listen: 'unix:/run/other/metrics'}\n");
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("ReadWritePaths=-/run/other\n"));
}

TEST_CASE("what the service lacks is told until its permissions are written, by this program or by a person") {
  if (::geteuid() != 0) {
    WARN("skipped: only root is told");
    return;
  }
  Host host;
  const auto settings = configuration::load(host.configuration()).value();
  const auto root = host.directory / "root";
  const auto lacks = [&] { return stale_permissions(settings, root); };
  CHECK(lacks().empty());  // no service is installed
  fs::create_directories(root / "usr/lib/systemd/system");
  write_file(root / "usr/lib/systemd/system/gravitee-renewd.service", "[Service]\n");
  const std::string run_it = "; run gravitee-renewd init --permissions";
  REQUIRE(lacks().size() == 2);
  CHECK(lacks()[0] == host.rules().string() + " is missing (root may restart gateway.service)" + run_it);
  CHECK_THAT(lacks()[1], StartsWith(host.drop_in().string() + " is missing (the service runs as root, may write to "));
  SECTION("by this program") {
    REQUIRE(host.run() == kSuccess);
    CHECK(lacks().empty());
    host.configure("systemd: {units: [gateway.service, 'odd\\x2dname.service']}");
    const auto changed = configuration::load(host.configuration()).value();
    REQUIRE(stale_permissions(changed, root).size() == 1);
    CHECK_THAT(stale_permissions(changed, root).front(), ContainsSubstring("is of another configuration"));
    REQUIRE(host.run() == kSuccess);
    CHECK(stale_permissions(changed, root).empty());
    return;
  }
  SECTION("by a person, beside") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules().parent_path() / "10-mine.rules", "// org.freedesktop.systemd1.manage-units for all");
    write_file(host.drop_in().parent_path() / "override.conf", "[Service]\nProtectSystem=no\n");
  }
  SECTION("by a person, in their place") {
    fs::create_directories(host.rules().parent_path());
    fs::create_directories(host.drop_in().parent_path());
    write_file(host.rules(), "mine");
    write_file(host.drop_in(), "mine");
  }
  SECTION("by a person's own unit") {
    fs::create_directories(root / "etc/systemd/system");
    write_file(root / "etc/systemd/system/gravitee-renewd.service", "[Service]\n");
  }
  CHECK(lacks().empty());
}

TEST_CASE("the rule goes when there is no unit any more") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  host.configure("none: {}");
  REQUIRE(host.run() == kSuccess);
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK_THAT(host.out.str(), ContainsSubstring("removed " + host.rules().string()));
}

TEST_CASE("what was changed by hand is overwritten by force alone, and nothing is written by halves") {
  Host host;
  fs::create_directories(host.drop_in().parent_path());
  write_file(host.drop_in(), "[Service]\nUser=me\n");
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring(host.drop_in().string() + " was changed by hand"));
  CHECK_FALSE(fs::exists(host.rules()));
  CHECK(read_file(host.drop_in()) == "[Service]\nUser=me\n");
  REQUIRE(host.run(true) == kSuccess);
  CHECK(is_as_written(read_file(host.drop_in())));
}

TEST_CASE("a dry run shows both files and writes none") {
  Host host;
  REQUIRE(host.run(false, true) == kSuccess);
  CHECK_THAT(host.out.str(), ContainsSubstring("polkit.addRule") && ContainsSubstring("[Service]"));
  CHECK_FALSE(fs::exists(host.directory / "root"));
}

TEST_CASE("the daemon runs as the owner of the keystore, and what that user may not read is told") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  const uid_t daemon = 1;  // Debian's user of this name
  give_to(daemon, host);
  fs::permissions(host.directory / "token", fs::perms(0600));
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\nGroup=daemon\n"));
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("fchown"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon may not read " + (host.directory / "token").string() + "\n"));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon may not write to " + (host.directory / "real").string() + "\n"));
  CHECK_THAT(host.out.str(), ContainsSubstring("still missing: there is no /etc/credstore/renewd-test-password\n"));
  CHECK_THAT(host.out.str(), !ContainsSubstring("may not read " + host.configuration().string()));
}

TEST_CASE("a keystore of another group than its owner's needs a system call more") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  REQUIRE(::chown((host.directory / "real/keystore.p12").c_str(), 1, 2) == 0);
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("SystemCallFilter=fchown\n"));
}

TEST_CASE("keystores of two owners, or of nobody, are refused") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give files away");
    return;
  }
  Host host;
  give_to(54321, host);
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("uid 54321, which is no user of this host"));
  write_file(host.directory / "second.p12", "keystore");
  host.configure("none: {}", "{credential: a}",
                 "  - name: second\n    account_url: https://cloud.example/management/accounts/b\n"
                 "    token: {credential: b}\n    keystore: {path: " +
                     (host.directory / "second.p12").string() + "}\n");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("give them one owner"));
}

TEST_CASE("a keystore that is not there, and a bad configuration, are errors") {
  Host host;
  fs::remove(host.directory / "real/keystore.p12");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("production") && ContainsSubstring("No such file"));
  write_file(host.configuration(), "certificates: []\n");
  CHECK(host.run() == kUsageError);
}

}  // namespace
}  // namespace renewd::commands
