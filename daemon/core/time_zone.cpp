#include "core/time_zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "core/pattern.hpp"
#include "core/text.hpp"

namespace renewd {
namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

sys_seconds to_sys(absl::Time time) {
  return sys_seconds(seconds(absl::ToUnixSeconds(time)));
}

// Only names of the database: Abseil also accepts paths that leave it, and its own names with a colon.
bool is_zone_name(std::string_view name) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && !name.starts_with('/') && name.find_first_not_of(kCharacters) == std::string_view::npos;
}

local_seconds libc_local(sys_seconds moment) {
  const std::time_t time = moment.time_since_epoch().count();
  std::tm fields{};
  (void)::localtime_r(&time, &fields);  // fails only for years beyond those of an int
  return local_seconds(moment.time_since_epoch() + seconds(fields.tm_gmtoff));
}

// mktime(3) does not say whether a local time occurs once, twice or never. A rule changes clocks at most twice a year,
// so the offsets one day before and one day after are the only candidates.
TimeZone::Moments libc_moments(local_seconds reading) {
  const sys_seconds as_utc(reading.time_since_epoch());
  const auto with_offset_at = [&](std::chrono::days distance) {
    const sys_seconds near = as_utc + distance;
    return as_utc - (libc_local(near).time_since_epoch() - near.time_since_epoch());
  };
  auto [first, last] = std::minmax({with_offset_at(-std::chrono::days(1)), with_offset_at(std::chrono::days(1))});
  const bool first_shows = libc_local(first) == reading;
  const bool last_shows = libc_local(last) == reading;
  if (first_shows || last_shows) {
    return {first_shows ? first : last, last_shows ? last : first};
  }
  // Skipped: find the change between the two by bisection.
  while (last - first > seconds(1)) {
    const sys_seconds middle = first + (last - first) / 2;
    (libc_local(middle) < reading ? first : last) = middle;
  }
  return {last, last};
}

std::optional<absl::TimeZone> load(const std::string& name) {
  absl::TimeZone zone;
  return absl::LoadTimeZone(name, &zone) ? std::optional(zone) : std::nullopt;
}

}  // namespace

struct TimeZone::Rules {
  std::optional<absl::TimeZone> zone;  // nothing: the C library's rule in TZ
};

TimeZone::TimeZone() : TimeZone(of_host().value_or(TimeZone("UTC", Rules{absl::UTCTimeZone()}))) {}

tl::expected<TimeZone, std::string> TimeZone::of_host(const std::filesystem::path& localtime) {
  constexpr auto kName = "local time";
  const char* const given = std::getenv("TZ");
  if (given == nullptr) {
    struct stat status{};
    if (::lstat(localtime.c_str(), &status) != 0) {
      return TimeZone(kName, Rules{absl::UTCTimeZone()});
    }
    if (auto zone = load(localtime)) {
      return TimeZone(kName, Rules{zone});
    }
    return tl::unexpected(
        fmt::format("cannot read {} as a time zone file (is tzdata installed?)", printable(localtime.string())));
  }
  std::string text(given);
  const std::string name = text.substr(text.starts_with(':') ? 1 : 0);
  if (name.empty()) {
    return TimeZone(kName, Rules{absl::UTCTimeZone()});
  }
  if (name.starts_with('/') || is_zone_name(name)) {
    if (auto zone = load(name)) {
      return TimeZone(kName, Rules{zone});
    }
  }
  if (is_time_zone_rule(text)) {
    ::tzset();
    return TimeZone(kName, Rules{std::nullopt});
  }
  return tl::unexpected(
      fmt::format("TZ is \"{}\": neither a time zone of this system nor a rule such as CET-1CEST,M3.5.0,M10.5.0/3",
                  escaped(text.substr(0, 200))));
}

TimeZone::TimeZone(std::string name, const Rules& rules)
    : name_(std::move(name)), rules_(std::make_shared<const Rules>(rules)) {}

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  std::string text(name);
  const auto zone = is_zone_name(name) ? load(text) : std::nullopt;
  return zone ? std::optional(TimeZone(std::move(text), Rules{zone})) : std::nullopt;
}

local_seconds TimeZone::local(sys_seconds moment) const {
  if (!rules_->zone) {
    return libc_local(moment);
  }
  const absl::CivilSecond reading = rules_->zone->At(absl::FromUnixSeconds(moment.time_since_epoch().count())).cs;
  return local_seconds(seconds(reading - absl::CivilSecond(1970, 1, 1)));
}

TimeZone::Moments TimeZone::moments(local_seconds reading) const {
  if (!rules_->zone) {
    return libc_moments(reading);
  }
  const auto found = rules_->zone->At(absl::CivilSecond(1970, 1, 1) + reading.time_since_epoch().count());
  if (found.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    return {to_sys(found.trans), to_sys(found.trans)};
  }
  return {to_sys(found.pre), to_sys(found.post)};
}

// POSIX.1-2024, 8.3, with hours from -167 to 167 as in RFC 8536.
bool is_time_zone_rule(std::string_view text) {
  static const auto kRule = [] {
    const std::string name = "([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
    const std::string rest_of_time = "(:[0-5]?[0-9](:[0-5]?[0-9])?)?";
    const std::string offset = "[+-]?(2[0-4]|[01]?[0-9])" + rest_of_time;
    const std::string day = "(J?[0-9]{1,3}|M(1[0-2]|0?[1-9])\\.[1-5]\\.[0-6])";
    const std::string change = "," + day + "(/[+-]?(16[0-7]|1[0-5][0-9]|[0-9]{1,2})" + rest_of_time + ")?";
    return Pattern::compile("^" + name + offset + "(" + name + "(" + offset + ")?(" + change + change + ")?)?$");
  }();
  return kRule && kRule->found_in(text);
}

std::vector<std::string> time_zone_names() {
  const char* directory = std::getenv("TZDIR");  // as in Abseil
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
