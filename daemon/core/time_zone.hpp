// A time zone by its IANA name, or the host's: what a clock on the wall shows there, and which moments a reading of it
// stands for. The one door to Abseil's time zones, which read the system's zone files
// (docs/decisions/0009-time-zones.md).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace renewd {

class TimeZone {
 public:
  // The host's own; UTC where that is not known.
  TimeZone();
  // The host's own, or the reason why it is not known: $TZ as tzset(3) takes it (a name, a path, a rule of POSIX), else
  // /etc/localtime, else UTC. A rule is the C library's, of which the process has one: it holds until TZ changes.
  static tl::expected<TimeZone, std::string> of_host(const std::filesystem::path& localtime = "/etc/localtime");
  // Nothing when the system has no zone of this name, such as "Europe/Paris". The rules of a zone are read once in the
  // life of the process.
  static std::optional<TimeZone> find(std::string_view name);

  // For people: "Europe/Paris", or "local time".
  const std::string& name() const { return name_; }

  std::chrono::local_seconds local(std::chrono::sys_seconds moment) const;

  // A reading that clocks show twice, because they are put back, has two moments, the later one being that of its last
  // showing. One that they skip, because they are put forward, stands for the moment of the skip.
  struct Moments {
    std::chrono::sys_seconds first;
    std::chrono::sys_seconds last;
  };
  Moments moments(std::chrono::local_seconds reading) const;

 private:
  struct Rules;
  TimeZone(std::string name, const Rules& rules);

  std::string name_;
  std::shared_ptr<const Rules> rules_;
};

// Whether it is a rule as POSIX writes one into TZ: "CET-1CEST,M3.5.0,M10.5.0/3".
bool is_time_zone_rule(std::string_view text);

// The names that a person may have meant: those of the system's list. Empty when there is none: tzdata is missing.
std::vector<std::string> time_zone_names();

}  // namespace renewd
