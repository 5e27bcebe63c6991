// Limits how often a repeated message is logged, and counts its repetitions, so that a problem found at every check
// does not fill the log.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "core/event_log.hpp"

namespace renewd::supervision {

class Repetitions {
 public:
  // The same message is not logged again within `quiet`.
  explicit Repetitions(std::chrono::seconds quiet) : quiet_(quiet) {}

  // How often the message occurred since it was last logged, including this time; nothing if it must not be logged now.
  std::optional<int> occurred(EventName name, const std::string& message, TimePoint now);
  // The problem is over: its next occurrence is logged at once. Only messages with this beginning.
  void forget(EventName name, std::string_view beginning = "");

 private:
  struct Logged {
    TimePoint at;
    int since = 0;  // occurrences
  };
  std::chrono::seconds quiet_;
  std::map<std::pair<EventName, std::string>, Logged> logged_;
};

}  // namespace renewd::supervision
