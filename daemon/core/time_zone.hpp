// A time zone by its IANA name, or the host's: converts between UTC and local time. The only user of Abseil's time
// zones, which read the system's zone files (docs/decisions/0009-time-zones.md).
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
  // The host's; UTC if unknown.
  TimeZone();
  // The host's: $TZ as in tzset(3) (a name, a path or a POSIX rule), else /etc/localtime, else UTC. The error says why
  // it is unknown. A POSIX rule is evaluated by the C library and valid until TZ changes.
  static tl::expected<TimeZone, std::string> of_host(const std::filesystem::path& localtime = "/etc/localtime");
  // By name, such as "Europe/Paris"; nothing if the system has no such zone. A zone's file is read once in the life of
  // the process.
  static std::optional<TimeZone> find(std::string_view name);

  // For people: "Europe/Paris", or "local time".
  const std::string& name() const { return name_; }
  bool operator==(const TimeZone& other) const { return name_ == other.name_; }

  std::chrono::local_seconds local(std::chrono::sys_seconds moment) const;

  // A local time that occurs twice (clocks are set back) has two moments. One that is skipped (clocks are set forward)
  // stands for the moment of the change.
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

// A POSIX rule for TZ: "CET-1CEST,M3.5.0,M10.5.0/3".
bool is_time_zone_rule(std::string_view text);

// For "did you mean". Empty if tzdata is missing.
std::vector<std::string> time_zone_names();

}  // namespace renewd
