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
  std::chrono::seconds alone_after{std::chrono::days{3}};
  std::chrono::seconds takeover_after{std::chrono::minutes{15}};
  std::chrono::seconds lost_after{std::chrono::minutes{10}};

  bool operator==(const EtcdSettings&) const = default;
};

struct FleetSettings {
  std::optional<EtcdSettings> etcd;

  bool operator==(const FleetSettings&) const = default;
};

}  // namespace renewd::configuration
