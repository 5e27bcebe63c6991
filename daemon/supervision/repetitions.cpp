#include "supervision/repetitions.hpp"

namespace renewd::supervision {

std::optional<int> Repetitions::seen(EventName name, const std::string& message, TimePoint now) {
  // A clock that was set back must not silence us until it has caught up.
  const auto is_recent = [now](const Said& said, std::chrono::seconds span) {
    return said.at <= now && now < said.at + span;
  };
  std::erase_if(said_, [&](const auto& entry) { return !is_recent(entry.second, 2 * quiet_); });
  const auto [found, is_new] = said_.try_emplace({name, message}, Said{now});
  Said& said = found->second;
  if (!is_new && is_recent(said, quiet_)) {
    ++said.seen_since;
    return std::nullopt;
  }
  const int times = said.seen_since + 1;
  said = {now};
  return times;
}

void Repetitions::forget(EventName name) {
  std::erase_if(said_, [name](const auto& entry) { return entry.first.first == name; });
}

}  // namespace renewd::supervision
