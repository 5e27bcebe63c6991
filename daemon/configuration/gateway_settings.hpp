// The action that makes the gateway use a new keystore, and the checks that it is healthy with it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "configuration/keys.hpp"

namespace renewd::configuration {

struct SystemdGateway {
  enum class Action { try_restart, restart };
  std::vector<std::string> units;
  Action action = Action::try_restart;

  Keys keys() {
    return {
        {"unit", UnitName(units), "graviteeio-apim-gateway.service",
         "The unit that reads the keystore; an alias works as well.", kOneOfThese},
        {"units", Texts{&units, ListKind::units}, "[graviteeio-apim-rest-api.service, graviteeio-apim-gateway.service]",
         "Several units, restarted one after the other.", kOneOfThese},
        {"action", Choice(action, {{"try-restart", Action::try_restart}, {"restart", Action::restart}}), "restart",
         "`try-restart` leaves a stopped unit stopped, `restart` starts it. (Reloading would end a JVM.)"},
    };
  }

  bool operator==(const SystemdGateway&) const = default;
};

struct CommandGateway {
  std::vector<std::string> argv;
  seconds timeout{60};

  Keys keys() {
    return {
        {"argv", Texts{&argv, ListKind::command}, "[/usr/bin/docker, restart, gateway]",
         "The absolute path of the program and its arguments; no shell and no `PATH` are involved. Exit status 0 is "
         "success.",
         kRequired},
        {"timeout", Duration{&timeout}, "5m", "A program that takes longer is stopped and counts as failed."},
    };
  }

  bool operator==(const CommandGateway&) const = default;
};

struct SignalGateway {
  // The unit's main process, or the process that a pid file names.
  std::variant<std::string, std::filesystem::path> target;
  int signal = 15;

  Keys keys() {
    return {
        {"unit", UnitName(target), "nginx.service", "The unit whose main process gets the signal.", kOneOfThese},
        {"pid_file", AbsolutePath(target), "/run/nginx.pid",
         "A file that holds a process id. A process that started after the file was written gets no signal.",
         kOneOfThese},
        {"signal", Signal{&signal}, "SIGHUP",
         "The name or number of the signal that makes the server reload its certificate (a JVM never does). The "
         "service can only signal processes of its own user (`init --permissions --user`)."},
    };
  }

  bool operator==(const SignalGateway&) const = default;
};

struct NoGateway {
  bool operator==(const NoGateway&) const = default;
};

using GatewayAction = std::variant<NoGateway, SystemdGateway, CommandGateway, SignalGateway>;

struct HttpProbeSettings {
  std::string url;
  std::string username;  // empty: no authentication
  std::optional<SecretSource> password;
  unsigned expect_status = 200;

  Keys keys() {
    return {
        {"url", Text{&url, TextKind::probe_url}, "http://localhost:18082/_node/health",
         "The URL of the health check: `https`, or `http` to a loopback address.", kRequired},
        {"username", Text{&username, TextKind::user_name}, "admin",
         "The user name, as in `gravitee.yml` under `services.core.http.authentication`; needs a password."},
        {"password", &password, "{file: /etc/gravitee-renewd/health-password}",
         "A secret: the user's password; needs a user name."},
        {"expect_status", Count{&expect_status, 100, 599}, "204", "The status of a healthy response."},
    };
  }

  bool operator==(const HttpProbeSettings&) const = default;
};

struct LogProbeSettings {
  // The unit's lines in the journal, or a file.
  std::variant<std::string, std::filesystem::path> target;
  // At least one of the two.
  std::optional<Pattern> ready;
  std::optional<Pattern> failed;

  Keys keys() {
    return {
        {"unit", UnitName(target), "graviteeio-apim-gateway.service", "The unit whose lines in the journal are read.",
         kOneOfThese},
        {"file", AbsolutePath(target), "/opt/graviteeio/apim/gateway/logs/gravitee.log", "The log file that is read.",
         kOneOfThese},
        {"ready", &ready, "Exchange Connector is now connected and ready",
         "A regular expression (RE2) for a line that must appear. Give this, `failed`, or both."},
        {"failed", &failed, "Unable to connect to the Exchange Controller Endpoint",
         "A regular expression (RE2) for a line that must not appear, unless one that matches `ready` follows within "
         "10 s."},
    };
  }

  bool operator==(const LogProbeSettings&) const = default;
};

struct GatewaySettings {
  GatewayAction action;
  // Restore the previous keystore when the gateway does not come up with the new one.
  bool rollback = true;
  // For the activation, and again for the verification.
  seconds verify_timeout{120};
  std::optional<HttpProbeSettings> http_probe = std::nullopt;
  std::optional<LogProbeSettings> log_probe = std::nullopt;

  // The time limit of an activation: a command has its own.
  seconds activation_timeout() const {
    const auto* const command = std::get_if<CommandGateway>(&action);
    return command == nullptr ? verify_timeout : command->timeout;
  }

  Keys keys() {
    return {
        {"systemd", section<SystemdGateway>(action), "", "The units that read the keystore.", kOneOfThese},
        {"command", section<CommandGateway>(action), "", "A program of your own instead of systemd.", kOneOfThese},
        {"signal", section<SignalGateway>(action), "",
         "A signal to a server that reloads its certificate when it receives one.", kOneOfThese},
        {"none", EmptyMap{}, "{}", "Nothing is restarted.", kOneOfThese},
        {"verify", Section{[this] { return verify_keys(); }}, "",
         "Further checks that the gateway is healthy with the new certificate, besides the state of its units."},
        {"rollback", &rollback, "false",
         "Restore the previous keystore when the gateway does not come up with the new one and the previous "
         "certificate is still valid."},
    };
  }

  Keys verify_keys() {
    return {
        {"http", section(http_probe), "",
         "The gateway's health check: one GET, sent directly, without the proxy of `http.proxy`."},
        {"log", section(log_probe), "", "Lines that the gateway logs after the restart."},
        {"timeout", Duration{&verify_timeout}, "10m",
         "The time limit for the restart of all units, and again for the verification. Allow more for a gateway that "
         "starts slowly."},
    };
  }

  bool operator==(const GatewaySettings&) const = default;
};

}  // namespace renewd::configuration
