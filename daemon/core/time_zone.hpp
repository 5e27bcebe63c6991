// A time zone by its IANA name: what a clock on the wall shows there, and which moments a reading of it stands for. The
// one door to Abseil's time zones, which read the system's zone files (docs/decisions/0009-time-zones.md).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd {

class TimeZone {
 public:
  // The host's own: that of $TZ, else of /etc/localtime, else UTC.
  TimeZone();
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

// The names that a person may have meant: those of the system's list. Empty when there is none: tzdata is missing.
std::vector<std::string> time_zone_names();

}  // namespace renewd
