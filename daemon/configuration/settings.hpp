// The configuration as plain structs, which the loader fills in and all others only read. Here and in the headers
// below, each key is declared once: a member, whose initial value is the default, and a row of keys().
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/certificate_settings.hpp"
#include "configuration/fleet_settings.hpp"
#include "configuration/keys.hpp"
#include "core/event_lines.hpp"

namespace renewd::configuration {

struct HttpSettings {
  std::optional<std::filesystem::path> ca_file;
  std::optional<ProxySettings> proxy;
  std::optional<SecretSource> proxy_password;
  seconds connect_timeout{10};
  seconds request_timeout{60};

  Keys keys() {
    return {
        {"ca_file", AbsolutePath(ca_file), "/etc/gravitee-renewd/proxy-ca.pem",
         "Certificates to trust instead of the system's, for example for a proxy that intercepts TLS: a regular file "
         "of at most 1 MiB with PEM (also PKCS#7, and `TRUSTED CERTIFICATE` with its trust settings) or one DER "
         "certificate. An intermediate CA is sufficient without its root.",
         "none: the system's"},
        {"proxy", &proxy, "http://renewd@proxy.example.com:3128",
         "An HTTP proxy to use with CONNECT, as `http://host:port` or `http://user@host:port`. The proxy variables of "
         "the environment are not read."},
        {"proxy_password", &proxy_password, "{file: /etc/gravitee-renewd/proxy-password}",
         "A secret; needs a user in `http.proxy`."},
        {"connect_timeout", Duration{&connect_timeout}, "30s",
         "The time limit of each step: name lookup, connection (all addresses of a name together), proxy and TLS. Not "
         "longer than `http.request_timeout`."},
        {"request_timeout", Duration{&request_timeout}, "2m", "The time limit of all steps and the response together."},
    };
  }

  bool operator==(const HttpSettings&) const = default;
};

// What starts renewals: the daemon, or a timer that runs the command `renew`.
enum class RunBy { daemon, timer };

struct ScheduleSettings {
  seconds check_every = std::chrono::hours{12};
  seconds splay = std::chrono::hours{24};
  seconds retry_at_least = std::chrono::minutes{1};
  seconds retry_at_most = std::chrono::hours{12};
  unsigned requests_per_day = 12;
  RunBy run_by = RunBy::daemon;

  Keys keys() {
    return {
        {"check_every", Duration{&check_every}, "1h", "How often the keystore is checked."},
        {"splay", Duration{&splay, seconds{0}}, "0s",
         "Hosts spread their renewals over this time after the renewal window opens. A host's delay is derived from "
         "its machine id, its host name and the certificate's name (cloned hosts need different host names); `plan` "
         "shows it. With `0s` all hosts renew at once."},
        {"retry_at_least", Duration{&retry_at_least}, "5m",
         "The delay after the first failed attempt; it grows from there."},
        {"retry_at_most", Duration{&retry_at_most}, "6h", "The longest delay after a failed attempt."},
        {"requests_per_day", Count{&requests_per_day, 1, 86400}, "3",
         "The maximum number of renewal requests per certificate and day, from the daemon and `renew` together, also "
         "across restarts."},
        {"run_by", Choice(run_by, {{"daemon", RunBy::daemon}, {"timer", RunBy::timer}}), "timer",
         "`timer` if a timer or cron runs `gravitee-renewd renew` and no daemon is meant to run: `check` and `status` "
         "then warn if it has not run for twice `check_every`, and not about a missing daemon."},
    };
  }
};

struct LogSettings {
  Level level = Level::info;
  LogFormat format = LogFormat::automatic;

  Keys keys() {
    using enum Level;
    return {
        {"level", Choice(level, {{"debug", debug}, {"info", info}, {"warning", warning}, {"error", error}}), "debug",
         "The lowest level that is logged."},
        {"format",
         Choice(format, {{"auto", LogFormat::automatic}, {"json", LogFormat::json}, {"text", LogFormat::text}}), "json",
         "`auto` writes journal fields under systemd, text on a terminal, and JSON otherwise."},
    };
  }
};

struct MetricsSettings {
  // Loopback or a unix socket, unless `allow_remote` is set. Empty: off.
  std::optional<ListenAddress> listen;
  bool allow_remote = false;
  // For node_exporter's textfile collector. Empty: off.
  std::optional<std::filesystem::path> textfile;

  Keys keys() {
    return {
        {"listen", &listen, "127.0.0.1:9464",
         "The address for Prometheus and the status page: `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464` or "
         "`unix:/path`. An address that other hosts can reach requires `metrics.allow_remote`."},
        {"allow_remote", &allow_remote, "true",
         "Allows `metrics.listen` to be an address that other hosts can reach, such as `0.0.0.0:9464`. There is no "
         "access "
         "control: every host that reaches the port can read everything there."},
        {"textfile", AbsolutePath(textfile), "/var/lib/prometheus/node-exporter/gravitee-renewd.prom",
         "A file for node_exporter's textfile collector; its name ends with `.prom`."},
    };
  }
};

struct Settings {
  std::vector<CertificateSettings> certificates;
  HttpSettings http;
  ScheduleSettings schedule;
  std::filesystem::path state_directory = "/var/lib/gravitee-renewd";
  LogSettings log;
  MetricsSettings metrics;
  FleetSettings fleet;
  // The file that they were read from, and when it had been modified: another time means other settings.
  std::filesystem::path file;
  std::optional<TimePoint> modified;

  Keys keys() {
    return {
        {"certificates", list_of(certificates), "", "The certificates of this host, at least one.", kRequired},
        {"http", section(http), "",
         "The connection to the cloud. The renew host (`eu.cloud.gravitee.io`) is not the host that the gateway "
         "connects to (`*.cloudgate.gravitee.io`); firewalls often allow only the latter."},
        {"schedule", section(schedule), "",
         "When the daemon checks, renews and retries. The defaults suit any number of hosts."},
        {"state_directory", AbsolutePath(state_directory), "/srv/gravitee-renewd",
         "Where unfinished renewals and the latest keystores are stored. `$STATE_DIRECTORY`, which systemd sets from "
         "`StateDirectory=` of the unit, replaces the default."},
        {"log", section(log), "", "What the daemon logs, and how."},
        {"metrics", section(metrics), "",
         "Where the daemon publishes its metrics and its status page. Off by default."},
        {"fleet", section(fleet), "",
         "Hosts that share an account: one requests the certificate for all, and they restart their gateways in turn. "
         "Read /usr/share/doc/gravitee-renewd/docs/fleet.md first. Off by default."},
    };
  }
};

// Enumerates the configured secrets of a certificate, or of all settings: calls `with(secret, name)` for each. A test
// compares it with the keys that are declared as secrets.
template <typename SettingsOrConst, typename With>
void for_each_secret(SettingsOrConst& settings, With with) {
  const auto each = [&with](auto& secret, std::string_view name) {
    if (secret) {
      with(*secret, name);
    }
  };
  if constexpr (requires { settings.certificates; }) {
    each(settings.http.proxy_password, "proxy password");
    if (settings.fleet.etcd) {
      each(settings.fleet.etcd->password, "etcd password");
      each(settings.fleet.etcd->key, "fleet key");
      each(settings.fleet.etcd->second_key, "second fleet key");
    }
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
