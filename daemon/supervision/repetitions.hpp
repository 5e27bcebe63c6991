// Keeps what is seen again at every look from filling the log: it is said once in a while, with how often it was seen.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/clock.hpp"
#include "core/event_log.hpp"

namespace renewd::supervision {

class Repetitions {
 public:
  // The same words are not said again before `quiet` has passed.
  explicit Repetitions(std::chrono::seconds quiet) : quiet_(quiet) {}

  // How often this was seen since it was last said, now included; nothing when it is not to be said now.
  std::optional<int> seen(EventName name, const std::string& message, TimePoint now);
  // It is over: if it comes back, it is said at once.
  void forget(EventName name);

 private:
  struct Said {
    TimePoint at;
    int seen_since = 0;
  };
  std::chrono::seconds quiet_;
  std::map<std::pair<EventName, std::string>, Said> said_;
};

}  // namespace renewd::supervision
