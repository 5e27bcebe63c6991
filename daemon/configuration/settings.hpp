// What the operator configured, as plain structs with the documented defaults (docs/configuration.md). No YAML here:
// the loader fills them in, and everybody else reads them.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event_lines.hpp"
#include "core/pattern.hpp"
#include "core/secret.hpp"
#include "core/time_zone.hpp"

namespace renewd::configuration {

using std::chrono::seconds;

// A part of the certificate's lifetime, 0 < value < 1.
struct LifetimeShare {
  double value;
};
// How long before expiry the renewal window opens.
using RenewBefore = std::variant<seconds, LifetimeShare>;

// A span of every week in which something may be done, by the clocks of a time zone.
struct MaintenanceWindow {
  // The days on which it begins, by std::chrono::weekday::c_encoding().
  std::bitset<7> days = std::bitset<7>().set();
  // Since midnight, from < 24 h and to <= 24 h, never the same; a window that ends before it begins ends on the next
  // day.
  std::chrono::minutes from{0};
  std::chrono::minutes to = std::chrono::hours{24};
  TimeZone timezone;
};

enum class RenewMode { automatic, never };

enum class KeystoreType { automatic, pkcs12, jks, pem };

struct KeystoreSettings {
  std::filesystem::path path;
  KeystoreType type = KeystoreType::automatic;
  std::optional<SecretSource> password;
  std::optional<std::filesystem::path> ca_file;
};

struct SystemdGateway {
  enum class Action { try_restart, restart };
  std::vector<std::string> units;
  Action action = Action::try_restart;
};

struct CommandGateway {
  std::vector<std::string> argv;
  seconds timeout{60};
};

struct SignalGateway {
  // Exactly one of the two: the unit's main process, or the process that a pid file names.
  std::variant<std::string, std::filesystem::path> target;
  int signal = 15;
};

struct NoGateway {};

using GatewayAction = std::variant<NoGateway, SystemdGateway, CommandGateway, SignalGateway>;

struct HttpProbeSettings {
  std::string url;
  std::string username;  // empty: no authentication
  std::optional<SecretSource> password;
  unsigned expect_status = 200;
};

struct LogProbeSettings {
  // Exactly one of the two: the unit's lines in the journal, or a file.
  std::variant<std::string, std::filesystem::path> target;
  // At least one of the two.
  std::optional<Pattern> ready;
  std::optional<Pattern> failed;
};

struct GatewaySettings {
  GatewayAction action;
  // Put the old keystore back when the gateway does not come up with the new one.
  bool rollback = true;
  // For an activation, and again for its verification.
  seconds verify_timeout{120};
  std::optional<HttpProbeSettings> http_probe = std::nullopt;
  std::optional<LogProbeSettings> log_probe = std::nullopt;

  // The most that one activation takes: a command has a bound of its own.
  seconds activation_timeout() const {
    const auto* const command = std::get_if<CommandGateway>(&action);
    return command == nullptr ? verify_timeout : command->timeout;
  }
};

struct CertificateSettings {
  std::string name;
  // Without a trailing slash; empty only with `renew: never`.
  std::string account_url;
  std::optional<SecretSource> token;
  KeystoreSettings keystore;
  RenewMode renew = RenewMode::automatic;
  RenewBefore renew_before = std::chrono::days{30};
  // When a renewal may begin, and when a renewed keystore may be installed and the gateway told of it. Empty: at any
  // time.
  std::vector<MaintenanceWindow> renew_windows;
  std::vector<MaintenanceWindow> activate_windows;
  // Less than this before expiry, both are ignored.
  seconds override_windows_before = std::chrono::days{7};
  GatewaySettings gateway;

  // The last path segment of the account URL.
  std::string account_id() const;
};

struct ProxySettings {
  std::string host;
  std::uint16_t port;
  std::string user;  // empty: no authentication
};

struct HttpSettings {
  std::optional<std::filesystem::path> ca_file;
  std::optional<ProxySettings> proxy;
  std::optional<SecretSource> proxy_password;
  seconds connect_timeout{10};
  seconds request_timeout{60};
};

struct ScheduleSettings {
  seconds check_every = std::chrono::hours{12};
  seconds splay = std::chrono::hours{24};
  seconds retry_at_least = std::chrono::minutes{1};
  seconds retry_at_most = std::chrono::hours{12};
  unsigned requests_per_day = 12;
};

struct LogSettings {
  Level level = Level::info;
  LogFormat format = LogFormat::automatic;
};

struct TcpAddress {
  std::string address;  // IPv4 or IPv6, never a name, without brackets
  std::uint16_t port;
};
// A port of this host, or the absolute path of a unix socket.
using ListenAddress = std::variant<TcpAddress, std::filesystem::path>;

struct MetricsSettings {
  // Loopback or a unix socket, unless the operator allowed more (`metrics.allow_remote`). Empty: off.
  std::optional<ListenAddress> listen;
  // For node_exporter's textfile collector. Empty: off.
  std::optional<std::filesystem::path> textfile;
};

struct Settings {
  std::vector<CertificateSettings> certificates;
  HttpSettings http;
  ScheduleSettings schedule;
  std::filesystem::path state_directory = "/var/lib/gravitee-renewd";
  LogSettings log;
  MetricsSettings metrics;
};

// The one enumeration of the secrets of a certificate, or of all settings: calls `with(secret, name)` for each that is
// configured. A test compares it with the keys that are declared as secrets.
template <typename SettingsOrConst, typename With>
void for_each_secret(SettingsOrConst& settings, With with) {
  const auto each = [&with](auto& secret, std::string_view name) {
    if (secret) {
      with(*secret, name);
    }
  };
  if constexpr (requires { settings.certificates; }) {
    each(settings.http.proxy_password, "proxy password");
    for (auto& certificate : settings.certificates) {
      for_each_secret(certificate, with);
    }
  } else {
    each(settings.token, "token");
    each(settings.keystore.password, "keystore password");
    if (settings.gateway.http_probe) {
      each(settings.gateway.http_probe->password, "health check password");
    }
  }
}

}  // namespace renewd::configuration
