// `renew_windows` and `activate_windows` of a certificate.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "configuration/sections.hpp"
#include "configuration/values.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kMostWindows = 100;  // every decision checks all of them
const std::vector<std::string_view> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};  // as weekdays are numbered

void read_day(const GivenValue& given, const YamlNode& node, std::bitset<7>& into) {
  const std::string_view text = GivenValue::scalar(node);
  const auto found = std::find(kDays.begin(), kDays.end(), text);
  if (found == kDays.end()) {
    const std::string meant = suggestion(text, kDays);
    given.refuse(
        node, fmt::format("must list days: mon, tue, wed, thu, fri, sat or sun{}", meant.empty() ? "" : "; " + meant));
    return;
  }
  const auto day = static_cast<std::size_t>(found - kDays.begin());
  if (into.test(day)) {
    given.refuse(node, fmt::format("contains {} twice; remove one of them", text));
  }
  into.set(day);
}

// "HH:MM"
std::optional<minutes> parse_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() != 5 || text[2] != ':') {
    return std::nullopt;
  }
  const int minute = digit(3) * 10 + digit(4);
  return minute < 60 ? std::optional(hours{digit(0) * 10 + digit(1)} + minutes{minute}) : std::nullopt;
}

void read_window(const YamlNode& node, const std::string& name, DiagnosticSink& sink, MaintenanceWindow& into) {
  const auto map = read_map(node, name, into.keys(), sink);
  if (!map) {
    return;
  }
  if (map->find("timezone") == nullptr) {
    if (auto host = TimeZone::of_host()) {
      into.timezone = std::move(*host);
    } else {
      sink.error(map->place(),
                 fmt::format("`{}` is required, because the time zone of this host cannot be determined: {}",
                             map->name_of("timezone"), host.error()));
    }
  }
  if (into.from == into.to) {
    sink.error(map->place(), fmt::format("`{}` and `{}` must not be the same; omit both for the whole day",
                                         map->name_of("from"), map->name_of("to")));
  }
}

}  // namespace

void read(const GivenValue& given, std::bitset<7>* value) {
  if (!given.is_non_empty_list()) {
    given.refuse("must be a list of at least one day, such as [sat, sun]; omit it for every day");
    return;
  }
  value->reset();
  for (const YamlNode* item : given.node.items) {
    read_day(given, *item, *value);
  }
}

// Quotes are optional here. (YAML 1.1 reads an unquoted 22:30 as 1350, a number with base 60.)
void read(const GivenValue& given, const TimeOfDay& value) {
  const auto time = parse_time(given.scalar());
  if (!time || *time > value.latest) {
    given.refuse(fmt::format("must be a time from \"00:00\" to \"{:02}:{:02}\", such as \"02:30\"",
                             value.latest / hours{1}, value.latest.count() % 60));
    return;
  }
  *value.into = *time;
}

void read(const GivenValue& given, TimeZone* value) {
  const auto name = given.text();
  if (!name) {
    return;
  }
  if (auto zone = TimeZone::find(*name)) {
    *value = std::move(*zone);
    return;
  }
  const std::vector<std::string> names = time_zone_names();
  const std::string meant = suggestion(*name, {names.begin(), names.end()});
  const bool listed = std::find(names.begin(), names.end(), *name) != names.end();
  const std::string hint = is_time_zone_rule(*name) ? "; only the variable TZ can be a rule"
                           : names.empty()          ? "; this host has no time zones: install tzdata"
                           : listed                 ? "; the file of " + *name + " cannot be read: reinstall tzdata"
                           : meant.empty()          ? ", such as Europe/Paris or UTC"
                                                    : "; " + meant;
  given.refuse("must be the name of a time zone on this host" + hint);
}

void read(const GivenValue& given, std::vector<MaintenanceWindow>* value) {
  if (!given.is_non_empty_list()) {
    given.refuse(
        "must be a list of at least one window, such as [{days: [sat, sun], from: \"02:00\", to: \"05:00\"}]; omit it "
        "for none");
    return;
  }
  if (given.node.items.size() > kMostWindows) {
    given.refuse(fmt::format("must not contain more than {} windows", kMostWindows));
    return;
  }
  for (const YamlNode* item : given.node.items) {
    if (given.map.sink().full()) {
      return;
    }
    read_window(*item, std::string(given.key), given.map.sink(), value->emplace_back());
  }
}

void check_windows(const YamlMap& certificate, const CertificateSettings& settings) {
  const auto present = certificate.present({"renew_windows", "activate_windows"});
  const seconds* renew_before = std::get_if<seconds>(&settings.renew_before);
  const bool known = !certificate.mistypes({"renew_before", "override_windows_before"});
  if (known && !present.empty() && renew_before != nullptr && *renew_before <= settings.override_windows_before) {
    certificate.sink().error(
        certificate.place_of(present.front()),
        fmt::format("`{}` would never apply: the renewal starts {} before expiry (`renew_before`), but the daemon "
                    "ignores windows in the last {} (`override_windows_before`)",
                    present.front(), format_duration(*renew_before),
                    format_duration(settings.override_windows_before)));
  }
}

}  // namespace renewd::configuration
