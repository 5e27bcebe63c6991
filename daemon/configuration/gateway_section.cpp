// `gateway` of a certificate: the action that makes the gateway use the keystore, and the checks that it is healthy.
#include <vector>

#include <fmt/format.h>

#include "configuration/sections.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

template <typename Action>
void read_action(const YamlMap& gateway, std::string_view key, GatewayAction& into) {
  if (gateway.find(key) != nullptr) {
    read_section(gateway, key, into.emplace<Action>().keys());
  }
}

void read_http_probe(const YamlMap& verify, HttpProbeSettings& into) {
  const auto map = read_section(verify, "http", into.keys());
  if (!map) {
    return;
  }
  const auto given = map->present({"username", "password"});
  if (given.size() == 1 && !map->mistypes({"username", "password"})) {
    const std::string_view other = given.front() == "username" ? "password" : "username";
    map->sink().error(map->place_of(given.front()), fmt::format("`{}` needs `{}`; give both or neither",
                                                                map->name_of(given.front()), map->name_of(other)));
  }
}

void read_log_probe(const YamlMap& verify, LogProbeSettings& into) {
  const auto map = read_section(verify, "log", into.keys());
  const std::vector<std::string_view> patterns{"ready", "failed"};
  if (map && map->present(patterns).empty() && !map->mistypes(patterns)) {
    map->sink().error(map->place(), fmt::format("`{}` must have `ready`, `failed` or both", verify.name_of("log")));
  }
}

}  // namespace

void read_gateway(const YamlMap& certificate, GatewaySettings& into) {
  const auto gateway = read_section(certificate, "gateway", into.keys());
  if (!gateway) {
    return;
  }
  read_action<SystemdGateway>(*gateway, "systemd", into.action);
  read_action<CommandGateway>(*gateway, "command", into.action);
  read_action<SignalGateway>(*gateway, "signal", into.action);
  const auto verify = read_section(*gateway, "verify", into.verify_keys());
  if (verify && verify->find("http") != nullptr) {
    read_http_probe(*verify, into.http_probe.emplace());
  }
  if (verify && verify->find("log") != nullptr) {
    read_log_probe(*verify, into.log_probe.emplace());
  }
}

}  // namespace renewd::configuration
