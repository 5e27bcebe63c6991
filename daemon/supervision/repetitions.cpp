#include "supervision/repetitions.hpp"

namespace renewd::supervision {

std::optional<int> Repetitions::occurred(EventName name, const std::string& message, TimePoint now) {
  // A clock that was set back must not silence the log until it has caught up.
  const auto is_recent = [now](const Logged& logged, std::chrono::seconds span) {
    return logged.at <= now && now < logged.at + span;
  };
  std::erase_if(logged_, [&](const auto& entry) { return !is_recent(entry.second, 2 * quiet_); });
  const auto [found, is_new] = logged_.try_emplace({name, message}, Logged{now});
  Logged& logged = found->second;
  if (!is_new && is_recent(logged, quiet_)) {
    ++logged.since;
    return std::nullopt;
  }
  const int times = logged.since + 1;
  logged = {now};
  return times;
}

void Repetitions::forget(EventName name, std::string_view beginning) {
  std::erase_if(logged_, [name, beginning](const auto& entry) {
    return entry.first.first == name && entry.first.second.starts_with(beginning);
  });
}

}  // namespace renewd::supervision
