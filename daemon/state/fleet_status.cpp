#include "state/fleet_status.hpp"

#include <exception>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/text.hpp"
#include "state/state_checks.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

std::int64_t microseconds(TimePoint time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

void add(json::object& to, const char* name, const std::optional<Problem>& problem) {
  if (problem) {
    to[name] = {{"message", checked_text(problem->message)}, {"advice", checked_text(problem->advice)}};
  }
}

std::optional<Problem> problem_in(const json::object& object, const char* name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? std::nullopt
                          : std::optional(Problem{checked_text(value->at("message").as_string()),
                                                  checked_text(value->at("advice").as_string())});
}

std::string text_in(const json::object& object, const char* name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? "" : checked_text(value->as_string());
}

FleetStatus parse(const json::object& object) {
  FleetStatus fleet;
  fleet.unreachable = text_in(object, "unreachable");
  fleet.problem = problem_in(object, "problem");
  if (const auto* const since = object.if_contains("unreachable_since"); since && !fleet.unreachable.empty()) {
    fleet.unreachable_since = checked_microseconds(*since).value();
  }
  fleet.hosts = static_cast<unsigned>(checked_count(object.at("hosts")).value());
  fleet.hosts_in_use_of_newest = static_cast<unsigned>(checked_count(object.at("hosts_in_use_of_newest")).value());
  fleet.generation = static_cast<std::uint64_t>(checked_count(object.at("generation")).value());
  if (const auto* const expires = object.if_contains("newest_not_after")) {
    fleet.newest_not_after = checked_seconds(*expires).value();
  }
  fleet.leading = object.at("leading").as_bool();
  fleet.waiting = object.at("waiting").as_bool();
  if (const auto* const halt = object.if_contains("halt")) {
    const auto& of_halt = halt->as_object();
    fleet.halt = FleetHalt{text_in(of_halt, "reason"), text_in(of_halt, "member"),
                           checked_microseconds(of_halt.at("at")).value()};
  }
  if (const auto* const since = object.if_contains("behind_since")) {
    fleet.behind_since = checked_microseconds(*since).value();
  }
  fleet.other_key = problem_in(object, "other_key");
  fleet.conflict = problem_in(object, "conflict");
  fleet.refused = problem_in(object, "refused");
  fleet.state = text_in(object, "state");
  fleet.sentence = text_in(object, "sentence");
  return fleet;
}

}  // namespace

std::string halted_by(std::string_view reason, std::string_view member) {
  const std::string name = printable(member);
  if (reason == "operator") {
    return "by an operator on " + name.substr(0, name.find('/'));
  }
  return reason == "lost" ? fmt::format("because {} has been missing since it began to restart its gateway", name)
                          : fmt::format("because the gateway of {} failed with the new certificate", name);
}

std::string describe(const FleetStatus& fleet) {
  std::string text = fleet.generation == 0
                         ? fmt::format("nothing published yet, {} host{}", fleet.hosts, fleet.hosts == 1 ? "" : "s")
                         : fmt::format("generation {}, in use on {} of {} host{}", fleet.generation,
                                       fleet.hosts_in_use_of_newest, fleet.hosts, fleet.hosts == 1 ? "" : "s");
  if (!fleet.unreachable.empty()) {
    text += fmt::format(" when etcd was last reachable, before {} UTC", format_minute(fleet.unreachable_since));
  }
  if (fleet.halt) {
    const std::string cause = halted_by(fleet.halt->reason, fleet.halt->member);
    text += ", restarts halted" + (fleet.sentence.ends_with(cause) ? "" : " " + cause);
  }
  if (!fleet.state.empty()) {
    text += "; this host: " + fleet.state + (fleet.sentence.empty() ? "" : ": " + fleet.sentence);
  }
  return text;
}

json::object to_json(const FleetStatus& fleet) {
  json::object object{{"hosts", fleet.hosts},
                      {"hosts_in_use_of_newest", fleet.hosts_in_use_of_newest},
                      {"generation", fleet.generation},
                      {"leading", fleet.leading},
                      {"waiting", fleet.waiting},
                      {"state", checked_text(fleet.state)},
                      {"sentence", checked_text(fleet.sentence)}};
  if (!fleet.unreachable.empty()) {
    object["unreachable"] = checked_text(fleet.unreachable);
    object["unreachable_since"] = microseconds(fleet.unreachable_since);
  }
  add(object, "problem", fleet.problem);
  if (fleet.newest_not_after) {
    object["newest_not_after"] = fleet.newest_not_after->time_since_epoch().count();
  }
  if (fleet.halt) {
    object["halt"] = {{"reason", checked_text(fleet.halt->reason)},
                      {"member", checked_text(fleet.halt->member)},
                      {"at", microseconds(fleet.halt->at)}};
  }
  if (fleet.behind_since) {
    object["behind_since"] = microseconds(*fleet.behind_since);
  }
  add(object, "other_key", fleet.other_key);
  add(object, "conflict", fleet.conflict);
  add(object, "refused", fleet.refused);
  return object;
}

std::optional<FleetStatus> fleet_status_from(const json::value& value) {
  try {
    return parse(value.as_object());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace renewd::state
