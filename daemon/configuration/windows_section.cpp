#include "configuration/windows_section.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "configuration/yaml_values.hpp"
#include "core/text.hpp"

namespace renewd::configuration {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kDay{24};
// A failed renewal needs time for the next attempt.
constexpr seconds kShortestOverride = hours{1};
constexpr std::size_t kMostWindows = 100;  // every one is looked at whenever something is decided
const std::vector<std::string_view> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};  // as weekdays are numbered

void read_day(const YamlMap& map, const YamlNode& node, std::bitset<7>& into) {
  const std::string name = map.name_of("days");
  const std::string_view text = scalar_of(node).value_or("");
  const auto found = std::find(kDays.begin(), kDays.end(), text);
  if (found == kDays.end()) {
    const std::string meant = suggestion(text, kDays);
    map.sink().error(node.place, fmt::format("`{}` must hold days such as mon, tue, wed, thu, fri, sat or sun{}", name,
                                             meant.empty() ? "" : "; " + meant));
    return;
  }
  const auto day = static_cast<std::size_t>(found - kDays.begin());
  if (into.test(day)) {
    map.sink().error(node.place, fmt::format("`{}` holds {} twice; keep one of the two", name, text));
  }
  into.set(day);
}

void read_days(const YamlMap& map, std::bitset<7>& into) {
  const YamlNode* node = map.find("days");
  if (node == nullptr) {
    return;
  }
  if (node->kind != YamlNode::Kind::list || node->items.empty()) {
    map.sink().error(node->place, fmt::format("`{}` must be a list of at least one day, such as [sat, sun]; leave it "
                                              "out for every day",
                                              map.name_of("days")));
    return;
  }
  into.reset();
  for (const YamlNode* item : node->items) {
    read_day(map, *item, into);
  }
}

// "HH:MM", up to and with 24:00.
std::optional<minutes> parse_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() != 5 || text[2] != ':') {
    return std::nullopt;
  }
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  const minutes time = hours{hour} + minutes{minute};
  return minute < 60 && time <= kDay ? std::optional(time) : std::nullopt;
}

// Quotes or not is the same here. (A reader of YAML 1.1 would take 22:30 for the number 1350, on the base of 60.)
void read_time(const YamlMap& map, std::string_view key, minutes latest, minutes& into) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) {
    return;
  }
  const auto time = parse_time(scalar_of(*node).value_or(""));
  if (!time || *time > latest) {
    map.sink().error(node->place,
                     fmt::format("`{}` must be a time from \"00:00\" to \"{:02}:{:02}\", such as \"02:30\"",
                                 map.name_of(key), latest / hours{1}, latest.count() % 60));
    return;
  }
  into = *time;
}

void read_time_zone(const YamlMap& map, TimeZone& into) {
  const YamlNode* node = map.find("timezone");
  if (node == nullptr) {
    if (auto host = TimeZone::of_host()) {
      into = std::move(*host);
    } else {
      map.sink().error(map.place(), fmt::format("`{}` is needed, since the time zone of this host is not known: {}",
                                                map.name_of("timezone"), host.error()));
    }
    return;
  }
  const auto name = text_of(*node, map.name_of("timezone"), map.sink());
  if (!name) {
    return;
  }
  if (auto zone = TimeZone::find(*name)) {
    into = std::move(*zone);
    return;
  }
  const std::vector<std::string> names = time_zone_names();
  const std::string meant = suggestion(*name, {names.begin(), names.end()});
  const bool listed = std::find(names.begin(), names.end(), *name) != names.end();
  const std::string hint = is_time_zone_rule(*name) ? "; a rule can be in TZ alone"
                           : names.empty()          ? "; this system has no time zones, install tzdata"
                           : listed                 ? "; the file of " + *name + " cannot be read, install tzdata again"
                           : meant.empty()          ? ", such as Europe/Paris or UTC"
                                                    : "; " + meant;
  map.sink().error(node->place, fmt::format("`{}` must be the name of a time zone that this system has{}",
                                            map.name_of("timezone"), hint));
}

void read_window(const YamlMap& map, MaintenanceWindow& into) {
  read_days(map, into.days);
  read_time(map, "from", kDay - minutes{1}, into.from);
  read_time(map, "to", kDay, into.to);
  read_time_zone(map, into.timezone);
  if (into.from == into.to) {
    map.sink().error(map.place(), fmt::format("`{}` and `{}` must not be the same; leave both out for the whole day",
                                              map.name_of("from"), map.name_of("to")));
  }
}

void read_list(const YamlMap& certificate, std::string_view key, std::vector<MaintenanceWindow>& into) {
  const YamlNode* node = certificate.find(key);
  if (node == nullptr) {
    return;
  }
  DiagnosticSink& sink = certificate.sink();
  if (node->kind != YamlNode::Kind::list || node->items.empty()) {
    sink.error(node->place, fmt::format("`{}` must be a list of at least one window, such as "
                                        "[{{days: [sat, sun], from: \"02:00\", to: \"05:00\"}}]; leave it out for none",
                                        key));
    return;
  }
  if (node->items.size() > kMostWindows) {
    sink.error(node->place, fmt::format("`{}` must not hold more than {} windows", key, kMostWindows));
    return;
  }
  for (const YamlNode* item : node->items) {
    if (sink.full()) {
      return;
    }
    if (const auto map =
            YamlMap::open(*item, std::string(key), {.supported = {"days", "from", "to", "timezone"}}, sink)) {
      read_window(*map, into.emplace_back());
    }
  }
}

}  // namespace

void read_windows(const YamlMap& certificate, CertificateSettings& into) {
  read_list(certificate, "renew_windows", into.renew_windows);
  read_list(certificate, "activate_windows", into.activate_windows);
  read_duration(certificate, "override_windows_before", kShortestOverride, into.override_windows_before);
  const auto present = certificate.present({"renew_windows", "activate_windows"});
  const seconds* renew_before = std::get_if<seconds>(&into.renew_before);
  const bool known = !certificate.mistypes({"renew_before", "override_windows_before"});
  if (known && !present.empty() && renew_before != nullptr && *renew_before <= into.override_windows_before) {
    certificate.sink().error(
        certificate.place_of(present.front()),
        fmt::format("`{}` would never be kept: the renewal begins {} before expiry (`renew_before`), and windows are "
                    "ignored from {} before it on (`override_windows_before`)",
                    present.front(), format_duration(*renew_before), format_duration(into.override_windows_before)));
  }
}

}  // namespace renewd::configuration
