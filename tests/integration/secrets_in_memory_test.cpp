// The daemon's secrets: none remains in its memory once it is idle, and other users cannot read its memory.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/process_memory.hpp"

using namespace renewd::testing;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The private key of the installed keystore as text and as OpenSSL computes with it, and as it was before.
std::map<std::string, std::string> key_texts(const Host& host, const std::string& whose) {
  const bool pem = host.keystore().extension() == ".pem";
  const std::string key = pem ? run_or_throw({"openssl", "pkey", "-in", host.keystore().string()})
                              : run_or_throw({"openssl", "pkcs12", "-in", host.keystore().string(), "-nodes",
                                              "-nocerts", "-passin", std::string("pass:") + kKeystorePassword});
  const auto begin = key.find("-----BEGIN PRIVATE KEY-----\n");
  REQUIRE(begin != std::string::npos);
  const std::string der = run_or_throw({"openssl", "pkey", "-outform", "DER"}, {.input = key.substr(begin)});
  // RFC 5915: the private value is an octet string of 32 bytes behind the version, 1.
  const std::string_view before("\x02\x01\x01\x04\x20", 5);
  const auto at = der.find(before);
  REQUIRE(at != std::string::npos);
  const std::string value = der.substr(at + before.size(), 32);
  // Of the second line, which no other key begins with: half a line, should it be wrapped elsewhere.
  const std::string text = key.substr(key.find('\n', key.find('\n', begin) + 1) + 1, 32);
  return {{whose + " key (base64)", text},
          {whose + " key (value)", value},
          {whose + " key (value, least byte first)", std::string(value.rbegin(), value.rend())}};
}

}  // namespace

TEST_CASE("after a renewal neither token nor password is left in the daemon's memory") {
  if (::geteuid() != 0) {
    WARN("skipped: only root may look into the daemon's memory");
    return;
  }
  Host host;
  BackgroundProcess daemon(host.daemon_command());
  const std::string log =
      daemon.wait_for_errors([](const std::string& errors) { return contains(errors, "renewal_completed"); });
  REQUIRE(contains(log, "renewal_requested"));
  const std::string left = left_in_memory(daemon.pid(), {{"token", kAccountToken},
                                                         {"password", kKeystorePassword},
                                                         {"password (UTF-16)", utf16(kKeystorePassword)},
                                                         {"token (base64)", "dG9rZW4tNGtRejctb2YtdGhlLWFjY291bnQ"}});
  INFO(left);
  CHECK(left.empty());
  // The same search finds what is there.
  CHECK_THAT(found_in_memory(daemon.pid(), {{"path", host.keystore().string()}}), ContainsSubstring("path in "));
}

TEST_CASE("after a renewal neither the new private key nor the previous one is left in the daemon's memory") {
  if (::geteuid() != 0) {
    WARN("skipped: only root may look into the daemon's memory");
    return;
  }
  struct Renewed {
    const char* shape;
    Target target;
  };
  // Taken over as it came, in every wrapping; built around the key that is installed; built in the other format.
  const auto [shape, target] =
      GENERATE(Renewed{"pem", Target::pem}, Renewed{"pem-base64", Target::pem}, Renewed{"json-object", Target::pem},
               Renewed{"der-cert", Target::pem}, Renewed{"pkcs12", Target::pem}, Renewed{"pkcs12", Target::pkcs12},
               Renewed{"pem", Target::pkcs12}, Renewed{"der-cert", Target::pkcs12});
  CAPTURE(shape, target == Target::pem);
  Host host({"--shape", shape}, target);
  auto keys = key_texts(host, "previous");
  BackgroundProcess daemon(host.daemon_command());
  daemon.wait_for_errors([](const std::string& errors) { return contains(errors, "renewal_completed"); });
  keys.merge(key_texts(host, "new"));
  const std::string left = left_in_memory(daemon.pid(), keys);
  INFO(left);
  CHECK(left.empty());
}

TEST_CASE("only root can read the daemon's memory, and it leaves no core file") {
  if (::geteuid() != 0) {
    WARN("skipped: needs root to become another user");
    return;
  }
  const TemporaryDirectory directory;
  write_file(directory / "config.yaml",
             "certificates: [{name: a, renew: never, keystore: {path: /none}}]\nstate_directory: " +
                 (directory / "state").string() + "\n");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(01777));
  // Where everybody gets at it.
  std::filesystem::copy_file(RENEWD_BINARY, directory / "gravitee-renewd");
  const std::string as_another_user =
      "ulimit -c unlimited; exec setpriv --reuid=1234 --regid=1234 --clear-groups \"$1\" --config \"$2\" run";
  BackgroundProcess daemon({"sh", "-c", as_another_user, "sh", (directory / "gravitee-renewd").string(),
                            (directory / "config.yaml").string()});
  daemon.wait_for_errors([](const std::string& errors) { return contains(errors, "daemon_started"); });
  struct stat status{};
  REQUIRE(::stat(file_of(daemon.pid(), "mem").c_str(), &status) == 0);
  CHECK(status.st_uid == 0);
  std::istringstream limits(read_file(file_of(daemon.pid(), "limits")));
  std::string core;
  while (std::getline(limits, core) && !core.starts_with("Max core file size")) {
  }
  CHECK_THAT(core, ContainsSubstring("size        0 ") && ContainsSubstring(" unlimited "));
}

TEST_CASE("a daemon that aborts in the middle of a renewal leaves no core file") {
  const TemporaryDirectory directory;
  // How a process ends that aborts in an empty directory and may leave a core file, as far as its limits say.
  const auto ends_by_abort = [&](const std::vector<std::string>& argv, const std::string& ready) {
    std::vector<std::string> all{"sh", "-c", "cd \"$1\" && ulimit -c unlimited && shift && exec \"$@\"", "sh",
                                 directory.path().string()};
    all.insert(all.end(), argv.begin(), argv.end());
    BackgroundProcess process(all);
    process.wait_for_errors([&](const std::string& errors) { return contains(errors, ready); });
    process.send_signal(SIGABRT);
    siginfo_t end{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(process.pid()), &end, WEXITED | WNOWAIT) == 0);
    return end.si_code;
  };
  if (ends_by_abort({"sh", "-c", "echo ready >&2; exec sleep 60"}, "ready") != CLD_DUMPED) {
    WARN("skipped: this machine writes no core files");
    return;
  }
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    std::filesystem::remove(file);
  }
  Host host({"--fault", "stall-after-request"});
  CHECK(ends_by_abort(host.daemon_command(), "renewal_requested") == CLD_KILLED);
  CHECK(std::filesystem::is_empty(directory.path()));
}
