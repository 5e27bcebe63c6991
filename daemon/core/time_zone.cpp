#include "core/time_zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace renewd {
namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

sys_seconds to_sys(absl::Time time) {
  return sys_seconds(seconds(absl::ToUnixSeconds(time)));
}

// Names of the database alone: Abseil would also take a path out of it, and names of its own with a colon.
bool is_zone_name(std::string_view name) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && !name.starts_with('/') && name.find_first_not_of(kCharacters) == std::string_view::npos;
}

}  // namespace

struct TimeZone::Rules {
  absl::TimeZone zone;
};

TimeZone::TimeZone() : TimeZone("local time", Rules{absl::LocalTimeZone()}) {}

TimeZone::TimeZone(std::string name, const Rules& rules)
    : name_(std::move(name)), rules_(std::make_shared<const Rules>(rules)) {}

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  Rules rules;
  std::string text(name);
  if (!is_zone_name(name) || !absl::LoadTimeZone(text, &rules.zone)) {
    return std::nullopt;
  }
  return TimeZone(std::move(text), rules);
}

local_seconds TimeZone::local(sys_seconds moment) const {
  const absl::CivilSecond reading = rules_->zone.At(absl::FromUnixSeconds(moment.time_since_epoch().count())).cs;
  return local_seconds(seconds(reading - absl::CivilSecond(1970, 1, 1)));
}

TimeZone::Moments TimeZone::moments(local_seconds reading) const {
  const auto found = rules_->zone.At(absl::CivilSecond(1970, 1, 1) + reading.time_since_epoch().count());
  if (found.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    return {to_sys(found.trans), to_sys(found.trans)};
  }
  return {to_sys(found.pre), to_sys(found.post)};
}

std::vector<std::string> time_zone_names() {
  const char* directory = std::getenv("TZDIR");  // Abseil heeds it, too
  std::ifstream table(std::string(directory != nullptr ? directory : "/usr/share/zoneinfo") + "/zone.tab");
  std::vector<std::string> names;
  for (std::string line; std::getline(table, line);) {
    std::istringstream columns(line);
    std::string country;
    std::string place;
    std::string name;
    if (!line.starts_with('#') && columns >> country >> place >> name) {
      names.push_back(name);
    }
  }
  if (!names.empty()) {
    names.emplace_back("UTC");
  }
  return names;
}

}  // namespace renewd
