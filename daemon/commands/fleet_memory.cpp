#include "commands/fleet_memory.hpp"

#include "core/try.hpp"
#include "fleet/local_record.hpp"

namespace renewd::commands {

Result<void> remember_requested(Filesystem& filesystem, const state::StatePaths& paths,
                                const std::string& fingerprint) {
  fleet::LocalRecordStore store(filesystem, paths);
  const fleet::LocalRecord local = store.load();
  if (local.fingerprint == fingerprint) {
    return {};
  }
  return store.save(local.with(fingerprint, 0));
}

Result<void> decline_installed(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed) {
  fleet::LocalRecordStore store(filesystem, paths);
  fleet::LocalRecord local = store.load();
  // Going back further does not take back what was declined first, which is the latest.
  if (!local.declined.empty() && installed != local.fingerprint) {
    return {};
  }
  local.declined = installed;
  return store.save(local);
}

Result<bool> forget_declined(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed) {
  fleet::LocalRecordStore store(filesystem, paths);
  fleet::LocalRecord local = store.load();
  const bool given_up =
      !local.fingerprint.empty() && local.fingerprint != installed && !filesystem.exists(paths.answer());
  if (!given_up && local.declined.empty()) {
    return false;
  }
  local.declined.clear();
  if (given_up) {
    local.fingerprint.clear();
    local.generation = 0;
  }
  TRY(store.save(local));
  return true;
}

}  // namespace renewd::commands
