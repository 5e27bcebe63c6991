#include "configuration/gateway_section.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "configuration/yaml_values.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

// systemd.unit(5): a name of these characters and the type. No other type has a process that reads a keystore.
bool is_unit_name(std::string_view name) {
  constexpr std::string_view kType = ".service";
  if (!name.ends_with(kType) || name.size() == kType.size() || name.size() > 255) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(":-_.\\@").find(c) != std::string_view::npos;
  });
}

void check_unit_name(const YamlMap& map, std::string_view key, Place place, const std::string& name) {
  if (name.empty() || is_unit_name(name)) {
    return;  // empty: already reported as missing or wrong
  }
  const std::string service = name + ".service";
  map.sink().error(place, fmt::format("`{}` must be a unit's full name, such as {}", map.name_of(key),
                                      is_unit_name(service) ? service : "graviteeio-apim-gateway.service"));
}

// The one of two keys that a map has; otherwise an error.
std::string_view exactly_one(const YamlMap& map, std::string_view first, std::string_view second) {
  const auto present = map.present({first, second});
  if (present.size() == 1) {
    return present.front();
  }
  map.sink().error(map.place(), fmt::format("either `{}` or `{}` must be given{}", map.name_of(first),
                                            map.name_of(second), present.empty() ? "" : ", not both"));
  return {};
}

void read_systemd(const YamlNode& node, const std::string& name, DiagnosticSink& sink, GatewayAction& into) {
  const auto map = YamlMap::open(node, name, {.supported = {"unit", "units", "action"}}, sink);
  if (!map) {
    return;
  }
  SystemdGateway systemd;
  if (exactly_one(*map, "unit", "units") == "unit") {
    std::string unit;
    read_text(*map, "unit", unit);
    check_unit_name(*map, "unit", map->find("unit")->place, unit);
    systemd.units = {unit};
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
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && stop == text.data() + text.size()) {
    return number > 0 && number <= SIGRTMAX ? number : 0;
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
  if (exactly_one(*map, "unit", "pid_file") == "unit") {
    std::string unit;
    read_text(*map, "unit", unit);
    check_unit_name(*map, "unit", map->find("unit")->place, unit);
    gateway.target = unit;
  } else {
    std::filesystem::path pid_file;
    read_absolute_path(*map, "pid_file", pid_file);
    gateway.target = pid_file;
  }
  if (const YamlNode* value = map->find("signal")) {
    gateway.signal = signal_number(scalar_of(*value).value_or(""));
    if (gateway.signal == 0) {
      sink.error(value->place, fmt::format("`{}` must be a signal's name or number, such as SIGTERM, TERM or 15",
                                           map->name_of("signal")));
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

void read_verify(const YamlNode& node, const std::string& name, DiagnosticSink& sink, seconds& timeout) {
  if (const auto map = YamlMap::open(node, name, {.supported = {"timeout"}, .unsupported = {"http", "log"}}, sink)) {
    read_duration(*map, "timeout", seconds{1}, timeout);
  }
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
  const auto actions = map->present({"systemd", "command", "signal", "none"});
  if (actions.size() != 1) {
    sink.error(map->place(),
               fmt::format("`gateway` must have exactly one of `systemd`, `command`, `signal` or `none`{}",
                           actions.empty() ? "" : ", but has " + enumerate(actions, "and")));
  }
  for (const auto& [key, read] : kActions) {
    if (const YamlNode* action = map->find(key)) {
      read(*action, map->name_of(key), sink, into.action);
    }
  }
  if (const YamlNode* verify = map->find("verify")) {
    read_verify(*verify, map->name_of("verify"), sink, into.verify_timeout);
  }
  read_choice<bool>(*map, "rollback", {{"true", true}, {"false", false}}, into.rollback);
}

}  // namespace renewd::configuration
