// What the page and the metrics show of some certificates.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "monitoring/metrics.hpp"
#include "monitoring/page.hpp"
#include "standings.hpp"

namespace renewd::testing {

inline std::string without_tags(const std::string& html) {
  std::string text;
  bool inside = false;
  for (const char c : html) {
    inside = inside || c == '<';
    text += inside ? "" : std::string(1, c);
    inside = inside && c != '>';
  }
  return text;
}

inline std::string minute(TimePoint time) {
  return format_minute(time) + " UTC";
}

struct ShownBoard {
  std::vector<std::string> names;
  std::map<std::string, report::CertificateStatus> standings;
  std::vector<std::string> hidden;
  TimePoint now = day(10);
  bool refused = false;
  std::vector<std::string> stuck;
  std::string host;

  void add(report::CertificateStatus standing) {
    names.push_back(standing.name);
    standings.emplace(standing.name, std::move(standing));
  }
  std::string page() const { return monitoring::page({names, standings, now, hidden, refused, stuck, host}); }
  std::string text() const { return without_tags(page()); }
  std::string metrics() const {
    return monitoring::exposition(monitoring::metrics(names, standings, monitoring::Counters(), now));
  }
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline void fail(report::CertificateStatus& standing, const std::string& message) {
  standing.attempts.failures_in_a_row = 3;
  standing.attempts.last_failure = "server_error";
  standing.attempts.last_message = message;
}

}  // namespace renewd::testing
