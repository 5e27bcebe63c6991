#include "configuration/gateway_section.hpp"

#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "configuration/numbers.hpp"
#include "configuration/unit_names.hpp"
#include "configuration/verify_section.hpp"
#include "configuration/yaml_values.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

void read_systemd(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"unit", "units", "action"}}, sink);
  if (!map) {
    return;
  }
  SystemdGateway systemd;
  if (map->exactly_one("unit", "units") == "unit") {
    systemd.units = {read_unit_name(*map, "unit")};
  } else {
    read_texts(*map, "units", systemd.units);
    for (std::size_t i = 0; i < systemd.units.size(); ++i) {
      check_unit_name(*map, "units", map->find("units")->items[i]->place, systemd.units[i]);
    }
  }
  using Action = SystemdGateway::Action;
  read_choice<Action>(*map, "action", {{"try-restart", Action::try_restart}, {"restart", Action::restart}},
                      systemd.action);
  into = std::move(systemd);
}

void read_command(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"argv", "timeout"}}, sink);
  if (!map) {
    return;
  }
  CommandGateway command;
  map->require("argv");
  read_texts(*map, "argv", command.argv);
  if (!command.argv.empty() && !command.argv.front().starts_with('/')) {
    sink.error(map->find("argv")->items.front()->place,
               fmt::format("the first text of `{}` must be the absolute path of a program; PATH is not searched",
                           map->name_of("argv")));
  }
  read_duration(*map, "timeout", seconds{1}, command.timeout);
  into = std::move(command);
}

// A number, or a name with or without SIG.
int signal_number(std::string_view text) {
  if (const auto number = parse_number(text)) {
    return *number <= static_cast<std::uint64_t>(SIGRTMAX) ? static_cast<int>(*number) : 0;
  }
  const std::string_view wanted = text.starts_with("SIG") ? text.substr(3) : text;
  for (int candidate = 1; candidate < SIGRTMIN; ++candidate) {
    const char* name = ::sigabbrev_np(candidate);
    if (name != nullptr && wanted == name) {
      return candidate;
    }
  }
  return 0;
}

void read_signal(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"unit", "pid_file", "signal"}}, sink);
  if (!map) {
    return;
  }
  SignalGateway gateway;
  if (map->exactly_one("unit", "pid_file") == "unit") {
    gateway.target = read_unit_name(*map, "unit");
  } else {
    std::filesystem::path pid_file;
    read_absolute_path(*map, "pid_file", pid_file);
    gateway.target = pid_file;
  }
  if (const YamlNode* value = map->find("signal")) {
    const std::string_view text = scalar_of(*value).value_or("");
    gateway.signal = signal_number(text);
    if (gateway.signal == 0) {
      sink.error(value->place, fmt::format("`{}` must be a signal's name or number, such as SIGTERM, TERM or 15{}",
                                           map->name_of("signal"), leading_zero_hint(text)));
    }
  }
  into = std::move(gateway);
}

void read_none(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  if (node.kind != YamlNode::Kind::map || !node.entries.empty()) {
    sink.error(node.place, fmt::format("`{}` must be the empty map: none: {{}}", name));
  }
  into = NoGateway{};
}

using ReadAction = void (*)(const YamlNode&, const std::string&, DiagnosticSink&, GatewayAction&);
const std::vector<std::pair<std::string_view, ReadAction>> kActions{
    {"systemd", read_systemd}, {"command", read_command}, {"signal", read_signal}, {"none", read_none}};
const KnownKeys kGatewayKeys{.supported = {"systemd", "command", "signal", "none", "verify", "rollback"}};

}  // namespace

void read_gateway(const YamlNode& node, DiagnosticSink& sink, GatewaySettings& into) {
  const auto map = YamlMap::open(node, "gateway", kGatewayKeys, sink);
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
  for (const auto& [key, read] : kActions) {
    if (const YamlNode* action = map->find(key)) {
      read(*action, map->name_of(key), sink, into.action);
    }
  }
  if (const YamlNode* verify = map->find("verify")) {
    read_verify(*verify, map->name_of("verify"), sink, into);
  }
  read_flag(*map, "rollback", into.rollback);
}

}  // namespace renewd::configuration
