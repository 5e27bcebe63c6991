// `fleet`: where the hosts of an account agree, and how.
#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "configuration/numbers.hpp"
#include "configuration/sections.hpp"
#include "configuration/values.hpp"

namespace renewd::configuration {
namespace {

void check_pair(const YamlMap& map, std::string_view one, std::string_view other) {
  const auto given = map.present({one, other});
  if (given.size() == 1 && !map.mistypes({one, other})) {
    map.sink().error(map.place_of(given.front()),
                     fmt::format("`{}` needs `{}`; give both or neither", map.name_of(given.front()),
                                 map.name_of(given.front() == one ? other : one)));
  }
}

void check_endpoints(const YamlMap& map, const EtcdSettings& settings) {
  for (auto endpoint = settings.endpoints.begin(); endpoint != settings.endpoints.end(); ++endpoint) {
    if (std::find(settings.endpoints.begin(), endpoint, *endpoint) != endpoint) {
      map.sink().error(map.find("endpoints")->place,
                       fmt::format("`{}` has {} twice; remove one of them", map.name_of("endpoints"), *endpoint));
      return;
    }
  }
}

// A key that opens and one that seals: two different ones, or one is superfluous.
void check_keys(const YamlMap& map, const EtcdSettings& settings) {
  if (settings.key && settings.key == settings.second_key) {
    map.sink().error(map.place_of("second_key"),
                     fmt::format("`{}` must be another secret than `{}`; outside of a key rotation, remove it",
                                 map.name_of("second_key"), map.name_of("key")));
  }
}

// A request that is still under way must not be taken for a host that is missing.
void check_takeover(const YamlMap& map, const EtcdSettings& settings, const HttpSettings& http) {
  const seconds least = 2 * http.request_timeout;
  if (settings.takeover_after < least && !map.mistypes({"takeover_after"})) {
    map.sink().error(
        map.place_of("takeover_after"),
        fmt::format("`{}` ({}) must be at least twice `http.request_timeout`, {}, so that a request that is under way "
                    "has ended",
                    map.name_of("takeover_after"), write_duration(settings.takeover_after), write_duration(least)));
  }
}

// Nothing would take turns, nor tell the others that this host is there.
void check_run_by(const YamlMap& file, const YamlMap& fleet, const ScheduleSettings& schedule) {
  if (schedule.run_by == RunBy::timer) {
    fleet.sink().error(file.place_of("fleet"),
                       "`fleet` needs the daemon, because hosts take turns: remove `schedule.run_by: timer`");
  }
}

}  // namespace

void read_fleet(const YamlMap& file, const HttpSettings& http, const ScheduleSettings& schedule, FleetSettings& into) {
  const auto fleet = read_section(file, "fleet", into.keys());
  if (!fleet || fleet->find("etcd") == nullptr) {
    return;
  }
  check_run_by(file, *fleet, schedule);
  EtcdSettings& settings = into.etcd.emplace();
  if (const auto map = read_section(*fleet, "etcd", settings.keys())) {
    check_endpoints(*map, settings);
    check_pair(*map, "cert_file", "key_file");
    check_pair(*map, "username", "password");
    check_keys(*map, settings);
    check_takeover(*map, settings, http);
  }
}

}  // namespace renewd::configuration
