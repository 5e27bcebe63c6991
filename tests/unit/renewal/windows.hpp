// Moments and maintenance windows, short enough for a line of a table.
#pragma once

#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <string>

#include "configuration/settings.hpp"

namespace renewd::testing {

// "2026-03-29 01:00" or "2026-03-29 01:00:30", in UTC.
inline std::chrono::sys_seconds utc(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  // NOLINTNEXTLINE(cert-err34-c): of a test's own words
  if (std::sscanf(text.c_str(), "%d-%u-%u %d:%d:%d", &year, &month, &day, &hour, &minute, &second) < 5) {
    throw std::invalid_argument("not a moment: " + text);
  }
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
         std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

// "sat sun 02:00-05:00 Europe/Paris"; without days it is every day.
inline configuration::MaintenanceWindow window(const std::string& text) {
  const std::string names = "sun mon tue wed thu fri sat ";
  configuration::MaintenanceWindow made;
  made.days.reset();
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto day = names.find(word + " ");
    int hours[2] = {};
    int minutes[2] = {};
    if (day != std::string::npos) {
      made.days.set(day / 4);
      // NOLINTNEXTLINE(cert-err34-c): of a test's own words
    } else if (std::sscanf(word.c_str(), "%d:%d-%d:%d", &hours[0], &minutes[0], &hours[1], &minutes[1]) == 4) {
      made.from = std::chrono::hours(hours[0]) + std::chrono::minutes(minutes[0]);
      made.to = std::chrono::hours(hours[1]) + std::chrono::minutes(minutes[1]);
    } else {
      made.timezone = TimeZone::find(word).value();
    }
  }
  if (made.days.none()) {
    made.days.set();
  }
  return made;
}

}  // namespace renewd::testing
