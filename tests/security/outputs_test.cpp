// What somebody else has put where the daemon writes, and in place of the files that only some configurations have: the
// proxy's password, the gateway's log, the files of a fleet. More: enemies_test.cpp, root_test.cpp.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "integration/watching.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

namespace fs = std::filesystem;

constexpr const char* kCanary = "canary-4kWs8-of-another-user";
constexpr uid_t kGateway = 3456;

struct Replacement {
  const char* what;
  std::function<void(const Host&, const fs::path&)> put;
  bool is_text = false;  // as good a password as any other
};

const std::vector<Replacement> kReplacements{
    {"a link to a file of another user",
     [](const auto& host, const auto& at) { fs::create_symlink(host / "canary", at); }, true},
    {"a link to nothing", [](const auto& host, const auto& at) { fs::create_symlink(host / "nothing", at); }},
    {"a link to itself", [](const auto&, const auto& at) { fs::create_symlink(at, at); }},
    {"a link to /dev/full", [](const auto&, const auto& at) { fs::create_symlink("/dev/full", at); }},
    {"a link to /dev/zero", [](const auto&, const auto& at) { fs::create_symlink("/dev/zero", at); }},
    {"a second name of another file",
     [](const auto& host, const auto& at) { fs::create_hard_link(host / "canary", at); }, true},
    {"a FIFO", [](const auto&, const auto& at) { REQUIRE(::mkfifo(at.c_str(), 0600) == 0); }},
    {"a directory", [](const auto&, const auto& at) { fs::create_directory(at); }},
    {"a file of 10 GiB",
     [](const auto&, const auto& at) {
       write_file(at, "");
       REQUIRE(::truncate(at.c_str(), off_t{10} << 30) == 0);
     }},
};

Snapshot make_canary(const Host& host) {
  write_file(host / "canary", kCanary);
  REQUIRE(::chmod((host / "canary").c_str(), 0600) == 0);
  return snapshot(host / "canary");
}

CommandResult run_on(const Host& host, const std::vector<std::string>& words) {
  std::vector<std::string> argv = host.daemon_command();
  argv.pop_back();
  argv.insert(argv.end(), words.begin(), words.end());
  // A command that hangs is an exception.
  return run(argv, {.environment = {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"}},
                    .input = {},
                    .deadline = std::chrono::seconds(60)});
}

// Each of `commands` ends without what a link leads to, and the last one, which checks every file, names `file`.
void check_refused(const Host& host, const fs::path& file, const std::vector<std::vector<std::string>>& commands) {
  const Snapshot canary = make_canary(host);
  const bool is_password = file.filename() == "proxy-password";
  for (const auto& [what, put, is_text] : kReplacements) {
    INFO(file << " is " << what);
    fs::rename(file, host / "aside");
    put(host, file);
    for (const auto& words : commands) {
      INFO(words.front() << " " << words.back());
      const CommandResult result = run_on(host, words);
      const std::string said = result.output + result.errors;
      check_no_secret(said);
      CHECK_THAT(said, !ContainsSubstring(kCanary));
      if (words == commands.back() && !(is_text && is_password)) {
        CHECK(result.status != 0);
        CHECK((is_text || said.find(file.string()) != std::string::npos));
      }
    }
    fs::remove_all(file);
    fs::rename(host / "aside", file);
    CHECK(snapshot(host / "canary") == canary);
    CHECK_FALSE(fs::exists(host / "nothing"));
  }
  CHECK(host.cloud().request_count() == 0);
  CHECK(host.restarts() == 0);
}

void give(const fs::path& path) {
  REQUIRE(::lchown(path.c_str(), kGateway, kGateway) == 0);
}

}  // namespace

TEST_CASE("whatever is in place of a file of the fleet, its commands end and name it") {
  const Host host;
  const std::string directory = host.directory().string();
  write_file(host / "fleet-key", run_or_throw({RENEWD_BINARY, "fleet", "key"}));
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/O=etcd", "-keyout", directory + "/etcd-key.pem", "-out", directory + "/etcd.pem"});
  fs::copy_file(host / "etcd.pem", host / "etcd-ca.pem");
  for (const char* file : {"fleet-key", "etcd-key.pem"}) {
    REQUIRE(::chmod((host / file).c_str(), 0400) == 0);
  }
  // Port 1 refuses connections.
  write_file(host.configuration(), read_file(host.configuration()) +
                                       "fleet: {etcd: {endpoints: [\"https://127.0.0.1:1\"], host: gateway-7, " +
                                       "ca_file: " + directory + "/etcd-ca.pem, cert_file: " + directory +
                                       "/etcd.pem, key_file: " + directory + "/etcd-key.pem, key: {file: " + directory +
                                       "/fleet-key}}}\n");
  for (const char* file : {"fleet-key", "etcd-key.pem", "etcd.pem", "etcd-ca.pem"}) {
    check_refused(host, host / file, {{"fleet", "status"}, {"validate", "--strict"}});
  }
}

TEST_CASE("whatever is in place of the password of the proxy, no command hangs or shows it") {
  Host host;
  host.configure({.certificate = {},
                  .keystore = {},
                  .http = {"proxy: \"http://renewd@127.0.0.1:1\"",
                           "proxy_password: {file: " + (host / "proxy-password").string() + "}"}});
  check_refused(host, host / "proxy-password", {{"renew", "--dry-run"}, {"validate", "--strict"}});
}

TEST_CASE("whatever is in place of the metrics' textfile or of its temporary file, the daemon writes nowhere else") {
  const Host host({"--initial-days", "200"});
  const fs::path file = host / "gravitee.prom";
  monitor(host, "{textfile: " + file.string() + "}");
  for (const fs::path& at : {file, host / ".gravitee.prom.gravitee-renewd"}) {
    for (const auto& [what, put, is_text] : kReplacements) {
      INFO(at << " is " << what);
      const Snapshot canary = make_canary(host);
      put(host, at);
      BackgroundProcess daemon = start_daemon(host);
      const bool impossible = at == file && fs::is_directory(fs::symlink_status(at));
      daemon.wait_for_errors(says(impossible ? "monitoring_unavailable" : "certificate_checked"));
      stop(daemon);  // which writes the file for the last time
      if (impossible) {
        CHECK(fs::is_empty(at));
      } else {
        CHECK(fs::is_regular_file(fs::symlink_status(file)));
        CHECK_THAT(read_file(file), ContainsSubstring("gravitee_renewd_build_info"));
      }
      CHECK(snapshot(host / "canary") == canary);
      CHECK_FALSE(fs::exists(host / "nothing"));
      fs::remove_all(file);
      fs::remove_all(host / ".gravitee.prom.gravitee-renewd");
    }
  }
}

TEST_CASE("root writes no metrics, and listens on no socket, in a directory of another user") {
  if (::geteuid() != 0) {
    WARN("skipped: it is about root");
    return;
  }
  const Host host({"--initial-days", "200"});
  fs::create_directory(host / "gateway");
  give(host / "gateway");
  SECTION("a textfile") {
    monitor(host, "{textfile: " + (host / "gateway/metrics.prom").string() + "}");
  }
  SECTION("a socket") {
    monitor(host, "{listen: \"unix:" + (host / "gateway/metrics.prom").string() + "\"}");
  }
  BackgroundProcess daemon = start_daemon(host);
  const std::string errors = daemon.wait_for_errors(says("monitoring_unavailable"));
  CHECK_THAT(errors, ContainsSubstring("root does not write where other users can"));
  stop(daemon);
  CHECK(fs::is_empty(host / "gateway"));
}
