#include "commands/failures.hpp"

#include "installation/attempts.hpp"
#include "installation/lock.hpp"
#include "installation/state.hpp"

namespace renewd::commands {
namespace {

using installation::Attempts;

template <typename Change>
void update_attempts(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate, const Change& change) {
  const auto daemon = installation::lock_holder(filesystem, installation::daemon_lock(state_directory));
  if (daemon && *daemon) {
    return;
  }
  installation::AttemptStore store(filesystem, installation::StatePaths(state_directory, certificate));
  const Attempts before = store.load();
  Attempts attempts = before;
  change(attempts);
  if (attempts != before) {
    (void)store.save(attempts);
  }
}

}  // namespace

void remember_failure(Filesystem& filesystem, const std::filesystem::path& state_directory,
                      const std::string& certificate, const Error& error) {
  update_attempts(filesystem, state_directory, certificate, [&error](Attempts& attempts) {
    attempts.add_failure(error);
    attempts.by_hand = true;
  });
}

void forget_failures(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const std::string& certificate) {
  update_attempts(filesystem, state_directory, certificate, [](Attempts& attempts) { attempts.forget_failures(); });
}

}  // namespace renewd::commands
