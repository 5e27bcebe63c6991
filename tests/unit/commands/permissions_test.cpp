#include "commands/permissions.hpp"

#include "commands/exit_status.hpp"
#include "commands/permission_files.hpp"
#include "configuration/loader.hpp"
#include "permissions_host.hpp"

namespace renewd::commands {
namespace {

TEST_CASE("a rule and a drop-in are written from the configuration") {
  Host host;
  REQUIRE(host.run() == kSuccess);
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("\"gateway.service\""));
  const std::string drop_in = read_file(host.drop_in());
  // Of the link and its target: an upgrade that moves the link needs no restart of the service.
  CHECK_THAT(drop_in, ContainsSubstring("ReadWritePaths=-" + host.directory.path().string() + "\n"));
  CHECK_THAT(drop_in, !ContainsSubstring("/real"));
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
  const std::string token = (host.directory / "token").string();
  fs::permissions(token, fs::perms(0600));
  REQUIRE(::chown((host.directory / "real").c_str(), 0, 0) == 0);
  REQUIRE(host.run() == kFailure);
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("User=daemon\nGroup=daemon\n"));
  CHECK_THAT(read_file(host.drop_in()), !ContainsSubstring("fchown"));
  CHECK_THAT(read_file(host.rules()), ContainsSubstring("subject.user === \"daemon\""));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon cannot read " + token + ": Permission denied; run chown daemon " +
                               token + " && chmod 0600 " + token + "\n"));
  CHECK_THAT(host.out.str(),
             ContainsSubstring("still missing: daemon cannot write to " + (host.directory / "real").string() +
                               "; move it to a directory of its own: run install -d -o daemon "));
  CHECK_THAT(host.out.str(), !ContainsSubstring("cannot read " + host.configuration().string()));
}

TEST_CASE("the files and credentials of a fleet are among what the service must read") {
  Host host;
  const std::string key = (host.directory / "etcd.key").string();
  write_file(key, "key");
  fs::permissions(key, fs::perms(0600));
  host.configure("systemd: {unit: gateway.service}", "{env: PASSWORD}",
                 "fleet: {etcd: {endpoints: [\"https://etcd.example.com:2379\"], key: {credential: renewd-test-key}, "
                 "cert_file: " +
                     (host.directory / "token").string() + ", key_file: " + key + "}}\n");
  CHECK(host.run() == (is_root() ? kFailure : kSuccess));
  CHECK_THAT(read_file(host.drop_in()), ContainsSubstring("LoadCredential=renewd-test-key\n"));
  CHECK((host.out.str().find("still missing: daemon cannot read " + key) != std::string::npos) == is_root());
}

TEST_CASE("refuses a directory that a unit file cannot contain") {
  Host host;
  const fs::path odd = host.directory / GENERATE("a\"b", "a'b", "a\\x41", "a\nb");
  fs::create_directory(odd);
  host.configure("none: {}", "{credential: a}", "state_directory: " + yaml_of(odd) + "\n");
  CHECK(host.run() == kFailure);
  CHECK_THAT(host.errors.str(), ContainsSubstring("ReadWritePaths=") && ContainsSubstring("use another directory"));
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
}  // namespace renewd::commands
