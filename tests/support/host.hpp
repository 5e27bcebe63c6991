// A host as an operator set it up: one installed keystore with ten days left, a configuration, a gateway that writes
// down its restarts, and the simulated cloud. Runs the real binary, and looks for secrets in whatever it prints.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "support/command.hpp"
#include "support/simulator.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

inline constexpr const char* kProxyPassword = "password-6tRv1-of-the-proxy";

enum class Target { pkcs12, pem };

// Everything of a file that a renewal which fails must leave alone.
struct Snapshot {
  std::string bytes;
  ino_t inode;
  uid_t owner;
  gid_t group;
  mode_t mode;
  std::string acl;  // raw; empty without one
  std::chrono::nanoseconds modified;

  bool operator==(const Snapshot&) const = default;
};
Snapshot snapshot(const std::filesystem::path& file);

// What the binary logged: one JSON object a line, in order.
using Events = std::vector<boost::json::object>;
// Throws for a line that is no JSON object with the fields every event has.
Events parse_events(const std::string& errors);
// The first of that name, or nothing.
std::optional<boost::json::object> find_event(const Events& events, std::string_view name);
std::string field(const boost::json::object& event, std::string_view name);

// The secrets, and what a header makes of them.
const std::vector<std::string_view>& secrets();
// The first secret, or what a header makes of it, that is in the text; empty without one.
std::string_view secret_in(const std::string& text);
// Fails the test when a secret, or what a header makes of it, is in the text.
void check_no_secret(const std::string& text);

// Lines of the configuration beside those every host has, in flow style: "renew_before: 5d".
struct Extra {
  std::vector<std::string> certificate;
  std::vector<std::string> keystore;
  std::vector<std::string> http;
};

class Host {
 public:
  // `flags` go to the simulator, after "--key ec:P-256", which saves seconds.
  explicit Host(const std::vector<std::string>& flags = {}, Target target = Target::pkcs12);
  // Another host of the same account, in a directory of its own: with a copy of the keystore and the state as they are
  // now, the first configuration, and the same cloud.
  Host another() const { return Host(*this); }

  Simulator& cloud() const { return *cloud_; }
  const std::filesystem::path& keystore() const { return keystore_; }
  std::filesystem::path configuration() const { return directory_ / "config.yaml"; }
  // The state of its certificate, "production".
  std::filesystem::path state() const { return directory_ / "state/production"; }
  std::filesystem::path operator/(std::string_view name) const { return directory_ / name; }
  const std::filesystem::path& directory() const { return directory_.path(); }
  // Another one than that made in the beginning, at another path.
  void use_keystore(const std::filesystem::path& keystore) { keystore_ = keystore; }

  // One entry of `certificates`, and a whole file around such entries.
  std::string certificate_yaml(const std::string& name, const std::string& account_url, const Extra& extra) const;
  void write_configuration(const std::string& certificates, const Extra& extra);
  void configure(const Extra& extra = {});

  // gravitee-renewd --config … renew …
  CommandResult renew(const std::vector<std::string>& arguments = {});
  // What to give to a BackgroundProcess for `run`, and what renew() runs.
  std::vector<std::string> daemon_command() const;
  std::vector<std::string> renew_command() const;
  // How often the gateway was restarted.
  std::size_t restarts() const;

 private:
  Host(const Host& original);
  void write_secrets();

  TemporaryDirectory directory_;
  std::filesystem::path keystore_;
  std::shared_ptr<Simulator> cloud_;
};

}  // namespace renewd::testing
