// A host for tests of `init --permissions`: a keystore behind a link, a token, and a configuration.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "commands/keystore_owner.hpp"
#include "commands/permissions.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::commands {

using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;
namespace fs = std::filesystem;

// Users of Debian: one for the service, one for the gateway.
inline constexpr uid_t kDaemon = 1;
inline constexpr uid_t kGames = 5;
// Its number differs from that of the user.
inline constexpr gid_t kGamesGroup = 60;

inline bool is_root() {
  return ::geteuid() == 0;
}

inline struct stat status_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

// A double-quoted scalar.
inline std::string yaml_of(const fs::path& path) {
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
    give(directory / "real", owner, owner);
    give(keystore(), owner, owner);
  }
  static void give(const fs::path& path, uid_t owner, gid_t group) {
    REQUIRE(::chown(path.c_str(), owner, group) == 0);
  }

  // The gateway's, with these lines of [Service].
  void install_unit(const std::string& lines, const std::string& name = "gateway.service") const {
    const fs::path units = directory / "root/usr/lib/systemd/system";
    fs::create_directories(units);
    write_file(units / name, "[Service]\nExecStart=/bin/true\n" + lines);
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

}  // namespace renewd::commands
