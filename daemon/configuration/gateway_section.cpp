// `gateway` of a certificate: what makes the gateway use the keystore, and what shows that it is healthy.
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "configuration/sections.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

void read_systemd(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  SystemdGateway systemd;
  if (const auto map = read_map(node, name, systemd.keys(), sink)) {
    map->exactly_one("unit", "units");
    into = std::move(systemd);
  }
}

void read_command(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  CommandGateway command;
  if (read_map(node, name, command.keys(), sink)) {
    into = std::move(command);
  }
}

void read_signal(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  SignalGateway gateway;
  if (const auto map = read_map(node, name, gateway.keys(), sink)) {
    map->exactly_one("unit", "pid_file");
    into = std::move(gateway);
  }
}

void read_http_probe(const YamlNode& node, const std::string& name, DiagnosticSink& sink,
                     std::optional<HttpProbeSettings>& into) {
  HttpProbeSettings probe;
  const auto map = read_map(node, name, probe.keys(), sink);
  if (!map) {
    return;
  }
  const auto given = map->present({"username", "password"});
  if (given.size() == 1 && !map->mistypes({"username", "password"})) {
    const std::string_view other = given.front() == "username" ? "password" : "username";
    sink.error(map->place_of(given.front()),
               fmt::format("`{}` needs `{}`; give both, or none", map->name_of(given.front()), map->name_of(other)));
  }
  into = std::move(probe);
}

void read_log_probe(const YamlNode& node, const std::string& name, DiagnosticSink& sink,
                    std::optional<LogProbeSettings>& into) {
  LogProbeSettings probe;
  const auto map = read_map(node, name, probe.keys(), sink);
  if (!map) {
    return;
  }
  map->exactly_one("unit", "file");
  const std::vector<std::string_view> patterns{"ready", "failed"};
  if (map->present(patterns).empty() && !map->mistypes(patterns)) {
    sink.error(map->place(),
               fmt::format("`{}` or `{}` must be given, or both", map->name_of("ready"), map->name_of("failed")));
  }
  into = std::move(probe);
}

void read_verify(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = read_map(node, name, into.verify_keys(), sink);
  if (!map) {
    return;
  }
  if (const YamlNode* http = map->find("http")) {
    read_http_probe(*http, map->name_of("http"), sink, into.http_probe);
  }
  if (const YamlNode* log = map->find("log")) {
    read_log_probe(*log, map->name_of("log"), sink, into.log_probe);
  }
}

using ReadAction = void (*)(const YamlNode&, const std::string&, DiagnosticSink&, GatewayAction&);
const std::vector<std::pair<std::string_view, ReadAction>> kActions{
    {"systemd", read_systemd}, {"command", read_command}, {"signal", read_signal}};

}  // namespace

void read_gateway(const YamlNode& node, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = read_map(node, "gateway", into.keys(), sink);
  if (!map) {
    return;
  }
  const std::vector<std::string_view> keys{"systemd", "command", "signal", "none"};
  const auto actions = map->present(keys);
  if (actions.size() != 1 && !(actions.empty() && map->mistypes(keys))) {
    sink.error(map->place(),
               fmt::format("`gateway` must have exactly one of `systemd`, `command`, `signal` or `none`{}",
                           actions.empty() ? "; with `none: {}` nothing is restarted"
                                           : ", but has " + enumerate(actions, "and")));
  }
  for (const auto& [key, read_action] : kActions) {
    if (const YamlNode* action = map->find(key)) {
      read_action(*action, map->name_of(key), sink, into.action);
    }
  }
  if (const YamlNode* verify = map->find("verify")) {
    read_verify(*verify, map->name_of("verify"), sink, into);
  }
}

}  // namespace renewd::configuration
