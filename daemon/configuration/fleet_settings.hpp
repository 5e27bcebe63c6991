// The settings of a fleet (docs/fleet.md).
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "configuration/keys.hpp"
#include "core/secret.hpp"

namespace renewd::configuration {

struct EtcdSettings {
  std::vector<std::string> endpoints;  // "https://host:port"
  std::optional<std::filesystem::path> ca_file;
  std::optional<std::filesystem::path> cert_file;
  std::optional<std::filesystem::path> key_file;
  std::optional<std::string> username;
  std::optional<SecretSource> password;
  std::string prefix = "/gravitee-renewd";
  std::optional<std::string> host;  // otherwise the host name
  std::optional<SecretSource> key;
  std::optional<SecretSource> second_key;
  unsigned restart_at_once = 1;
  seconds alone_after = std::chrono::days{3};
  seconds takeover_after = std::chrono::minutes{15};
  seconds lost_after = std::chrono::minutes{10};

  Keys keys() {
    return {
        {"endpoints", Texts{&endpoints, ListKind::endpoints},
         "[\"https://etcd-1.example.com:2379\", \"https://etcd-2.example.com:2379\"]",
         "The members of etcd, each as `https://host:port` (`http` is accepted only for loopback addresses). List all "
         "of them: each host begins with another one, and uses the next when one fails.",
         kRequired},
        {"ca_file", AbsolutePath(ca_file), "/etc/gravitee-renewd/etcd-ca.pem",
         "The CA of etcd's certificates, in the form of `http.ca_file`, which is not used here; nor is `http.proxy`.",
         "none: the system's"},
        {"cert_file", AbsolutePath(cert_file), "/etc/gravitee-renewd/etcd-client.pem",
         "The client certificate, PEM, for an etcd with `--client-cert-auth`; needs `key_file`. With `username` it "
         "must "
         "have no CN, because etcd's gateway refuses it otherwise."},
        {"key_file", AbsolutePath(key_file), "/etc/gravitee-renewd/etcd-client.key",
         "The private key of `cert_file`, PEM, unencrypted, that only the daemon's user can read."},
        {"username", OptionalText{&username, TextKind::user_name}, "renewd",
         "etcd's user, whose role needs to read and write the keys below `prefix` and nothing else."},
        {"password", &password, "{file: /etc/gravitee-renewd/etcd-password}", "A secret: the password of `username`."},
        {"prefix", Text{&prefix, TextKind::etcd_prefix}, "/gateways/renewd",
         "The beginning of all keys in etcd, the same on all hosts."},
        {"host", OptionalText{&host, TextKind::host_name}, "gateway-7",
         "The name of this host in the fleet; each host needs its own, which stays the same. Set it in containers, "
         "whose host names change.",
         "the host name"},
        {"key", &key, "{file: /etc/gravitee-renewd/fleet-key}",
         "A secret, the same on all hosts: encrypts what they publish for each other, so that etcd sees no private "
         "key. `gravitee-renewd fleet key` makes one.",
         kRequired},
        {"second_key", &second_key, "{file: /etc/gravitee-renewd/fleet-key-2}",
         "A secret: another key that opens what others published, and never encrypts. For key rotation."},
        {"restart_at_once", Count{&restart_at_once, 1, 1000}, "3",
         "How many gateways of an account may restart at once. The first one restarts by itself in any case: the "
         "others wait until it has been verified."},
        {"alone_after", Duration{&alone_after, seconds{0}}, "7d",
         "While etcd is unreachable and less than this is left of the certificate in use, a host renews by itself; "
         "with less than this left it also restarts in spite of a halt. With `0s`, never."},
        {"takeover_after", Duration{&takeover_after}, "30m",
         "How long a host that was renewing may be missing before another one requests the certificate. At least "
         "twice `http.request_timeout`."},
        {"lost_after", Duration{&lost_after}, "30m",
         "How long a host that was restarting its gateway may be missing before the restarts halt."},
    };
  }

  bool operator==(const EtcdSettings&) const = default;
};

struct FleetSettings {
  std::optional<EtcdSettings> etcd;

  Keys keys() { return {{"etcd", section(etcd), "", "The etcd cluster through which the hosts agree.", kRequired}}; }

  bool operator==(const FleetSettings&) const = default;
};

}  // namespace renewd::configuration
