#include "commands/failures.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "state/lock.hpp"
#include "state/paths.hpp"

namespace renewd::commands {
namespace {

using state::RetryState;

template <typename Change>
void update_attempts(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate, const Change& change) {
  const auto daemon = state::lock_holder(filesystem, state::daemon_lock(state_directory));
  if (daemon && *daemon) {
    return;
  }
  state::RetryStateStore store(filesystem, state::StatePaths(state_directory, certificate));
  const RetryState before = store.load();
  RetryState attempts = before;
  change(attempts);
  if (attempts != before) {
    (void)store.save(attempts);
  }
}

}  // namespace

void remember_failure(Filesystem& filesystem, const std::filesystem::path& state_directory,
                      const std::string& certificate, const Error& error, TimePoint now) {
  update_attempts(filesystem, state_directory, certificate, [&error, now](RetryState& attempts) {
    attempts.add_failure(error, now);
    attempts.by_hand = true;
  });
}

void forget_failures(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate) {
  update_attempts(filesystem, state_directory, certificate, [](RetryState& attempts) { attempts.forget_failures(); });
}

void remember_run(Filesystem& filesystem, const std::filesystem::path& state_directory, const std::string& certificate,
                  std::optional<TimePoint> not_after, TimePoint now) {
  update_attempts(filesystem, state_directory, certificate, [not_after, now](RetryState& attempts) {
    attempts.run_at = std::chrono::floor<std::chrono::seconds>(now);
    attempts.known_not_after = not_after.value_or(attempts.known_not_after);
  });
}

std::string last_error(const RetryState& attempts) {
  return fmt::format("{}{}: {}", attempts.failed_at == TimePoint() ? "" : format_minute(attempts.failed_at) + " UTC, ",
                     attempts.last_failure, attempts.last_message);
}

}  // namespace renewd::commands
