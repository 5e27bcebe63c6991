#include "state/observation.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include <boost/json.hpp>

#include "core/json_text.hpp"
#include "core/try.hpp"
#include "state/state_checks.hpp"
#include "state/state_files.hpp"

namespace renewd::state {
namespace {

namespace json = boost::json;

constexpr std::size_t kObservationLimit = std::size_t{64} * 1024;

struct Member {
  const char* name;
  std::optional<Problem> Observation::* problem;
};
constexpr std::array kMembers{
    Member{"keystore", &Observation::keystore},       Member{"token", &Observation::token},
    Member{"replacement", &Observation::replacement}, Member{"state", &Observation::state},
    Member{"activation", &Observation::activation},   Member{"health_check", &Observation::health_check},
    Member{"health", &Observation::health},           Member{"ca_file", &Observation::ca_file}};

struct Time {
  const char* name;
  std::optional<TimePoint> Observation::* time;
};
constexpr std::array kTimes{Time{"configuration", &Observation::configuration},
                            Time{"token_changed", &Observation::token_changed}};

Problem problem_from(const json::object& object) {
  return {checked_text(object.at("message").as_string()), checked_text(object.at("advice").as_string())};
}

}  // namespace

bool Observation::prevents_renewal() const {
  return std::ranges::any_of(kMembers, [this](const Member& member) {
    return member.problem != &Observation::health && this->*member.problem;
  });
}

Observation ObservationStore::load() const {
  const auto bytes = filesystem_.read(paths_.observation(), kObservationLimit);
  if (!bytes) {
    return {};
  }
  try {
    const auto object = json::parse(*bytes).as_object();
    Observation observation;
    for (const auto& [name, problem] : kMembers) {
      if (const auto* const value = object.if_contains(name)) {
        observation.*problem = problem_from(value->as_object());
      }
    }
    if (const auto* const value = object.if_contains("token_not_after")) {
      observation.token_not_after = checked_seconds(*value).value();
    }
    for (const auto& [name, time] : kTimes) {
      if (const auto* const value = object.if_contains(name)) {
        observation.*time = checked_microseconds(*value).value();
      }
    }
    if (const auto* const value = object.if_contains("fleet")) {
      observation.fleet = fleet_status_from(*value);
    }
    return observation;
  } catch (const std::exception&) {
    return {};
  }
}

Result<void> ObservationStore::save(const Observation& observation) {
  if (observation == Observation()) {
    if (!filesystem_.exists(paths_.observation())) {
      return {};
    }
    TRY(filesystem_.remove(paths_.observation()));
    return filesystem_.sync_directory(paths_.directory());
  }
  json::object object;
  for (const auto& [name, problem] : kMembers) {
    if (const auto& found = observation.*problem) {
      object[name] = {{"message", checked_text(found->message)}, {"advice", checked_text(found->advice)}};
    }
  }
  if (observation.token_not_after) {
    object["token_not_after"] = observation.token_not_after->time_since_epoch().count();
  }
  for (const auto& [name, time] : kTimes) {
    if (const auto& known = observation.*time) {
      object[name] = std::chrono::floor<std::chrono::microseconds>(*known).time_since_epoch().count();
    }
  }
  if (observation.fleet) {
    object["fleet"] = to_json(*observation.fleet);
  }
  const std::string text = json_text(object) + "\n";
  if (filesystem_.read(paths_.observation(), kObservationLimit) == text) {
    return {};
  }
  // If a power cut loses it, the next check writes it again.
  return write_state(filesystem_, paths_.observation(), text, Durability::process);
}

}  // namespace renewd::state
