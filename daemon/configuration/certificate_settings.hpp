// A certificate: where it comes from, where it is installed, and when it is renewed.
#pragma once

#include <bitset>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "configuration/gateway_settings.hpp"
#include "configuration/keys.hpp"

namespace renewd::configuration {

// A time span of every week, in a time zone.
struct MaintenanceWindow {
  // The days on which it begins, indexed by std::chrono::weekday::c_encoding().
  std::bitset<7> days = std::bitset<7>().set();
  // Since midnight; from < 24 h, to <= 24 h, never equal. A window that ends before it begins ends on the next day.
  std::chrono::minutes from{0};
  std::chrono::minutes to = std::chrono::hours{24};
  TimeZone timezone;

  Keys keys() {
    constexpr std::chrono::minutes kDay = std::chrono::hours{24};
    return {
        {"days", &days, "[sat, sun]", "The days on which the window begins, of `mon` to `sun`.", "every day"},
        {"from", TimeOfDay{&from, kDay - std::chrono::minutes{1}}, "\"02:00\"",
         "When the window begins: hours and minutes, with two digits each."},
        {"to", TimeOfDay{&to, kDay}, "\"05:00\"",
         "When it ends; a window that ends before it begins ends on the next day."},
        {"timezone", &timezone, "Europe/Paris",
         "The name of a time zone in the tz database. Required if the time zone of the host cannot be determined.",
         "that of the host"},
    };
  }

  bool operator==(const MaintenanceWindow&) const = default;
};

enum class RenewMode { automatic, never };

enum class KeystoreType { automatic, pkcs12, jks, pem };

struct KeystoreSettings {
  std::filesystem::path path;
  KeystoreType type = KeystoreType::automatic;
  std::optional<SecretSource> password;
  std::optional<std::filesystem::path> ca_file;

  Keys keys() {
    using enum KeystoreType;
    return {
        {"path", AbsolutePath(path), "/opt/graviteeio/apim/gateway/config/keystore.p12",
         "The installed file; a symbolic link is followed.", kRequired},
        {"type", Choice(type, {{"auto", automatic}, {"pkcs12", pkcs12}, {"jks", jks}, {"pem", pem}}), "pkcs12",
         "`auto` detects the type. The others refuse a file of any other type, except that `jks` also accepts PKCS#12. "
         "`pem` is one file with the key and the certificate chain."},
        {"password", &password, "{file: /etc/gravitee-renewd/keystore-password}",
         "A secret: the same password as in `gravitee.yml`. Omit it only if the file has none."},
        {"ca_file", AbsolutePath(ca_file), "/etc/gravitee-renewd/client-ca.pem",
         "CA certificates, in the formats of `http.ca_file`, that a renewed certificate must chain to. Set it if you "
         "know the issuer.",
         "none: any issuer"},
    };
  }

  bool operator==(const KeystoreSettings&) const = default;
};

struct CertificateSettings {
  std::string name;
  // Without a trailing slash; empty only with `renew: never`.
  std::string account_url;
  std::optional<SecretSource> token;
  KeystoreSettings keystore;
  RenewMode renew = RenewMode::automatic;
  RenewBefore renew_before = std::chrono::days{30};
  // When a renewal may begin, and when a renewed keystore may be installed and the gateway restarted. Empty: at any
  // time.
  std::vector<MaintenanceWindow> renew_windows;
  std::vector<MaintenanceWindow> activate_windows;
  // With less than this left before expiry, both are ignored.
  seconds override_windows_before = std::chrono::days{7};
  GatewaySettings gateway;

  // The last path segment of the account URL.
  std::string account_id() const;

  Keys keys() {
    constexpr std::string_view kUnlessNever = "required unless `renew: never`";
    return {
        {"name", Text{&name, TextKind::name}, "production",
         "A unique name of lower-case letters, digits and `-`, used in logs, metrics and paths.", kRequired},
        {"account_url", Text{&account_url, TextKind::account_url},
         "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973",
         "The account's URL as the cloud's token dialog shows it; it ends with the account id. `https`, or `http` to a "
         "loopback address.",
         kUnlessNever},
        {"token", &token, "{file: /etc/gravitee-renewd/account-token}",
         "A secret: the account token (Settings > Account Tokens in Gravitee Cloud), without quotes and without "
         "`Bearer`.",
         kUnlessNever},
        {"keystore", section(keystore), "",
         "The file that `gravitee.yml` names under `cloud.connector.ws.ssl.keystore` (older: `cockpit.keystore`).",
         kRequired},
        {"renew", Choice(renew, {{"auto", RenewMode::automatic}, {"never", RenewMode::never}}), "never",
         "`never`: watch and report only, for instance where another host renews."},
        {"renew_before", &renew_before, "25%",
         "How long before expiry the certificate is renewed, as a duration or as a share of its lifetime. More time "
         "helps to fix failures. At most half of the lifetime counts; otherwise each new certificate would be due at "
         "once."},
        {"renew_windows", &renew_windows,
         "[{days: [sat, sun], from: \"02:00\", to: \"05:00\", timezone: Europe/Paris}]",
         "The maintenance windows in which a renewal may begin.", "none: at any time"},
        {"activate_windows", &activate_windows,
         "[{days: [sat], from: \"02:00\", to: \"05:00\"}, {days: [sun], from: \"22:00\", to: \"01:00\"}]",
         "The maintenance windows in which a renewed keystore may be installed and the gateway restarted; a renewal "
         "that is ready waits for one.",
         "none: at any time"},
        // At least an hour, so that a failed renewal can be retried.
        {"override_windows_before", Duration{&override_windows_before, std::chrono::hours{1}}, "3d",
         "With less than this left before expiry, maintenance windows are ignored: better a restart at a bad time than "
         "an expired certificate."},
        {"gateway", section(gateway), "",
         "The action that makes the gateway use the new keystore: exactly one of `systemd`, `command`, `signal` and "
         "`none`. "
         "Without it nothing is restarted."},
    };
  }

  bool operator==(const CertificateSettings&) const = default;
};

}  // namespace renewd::configuration
