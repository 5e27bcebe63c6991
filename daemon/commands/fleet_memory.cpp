#include "commands/fleet_memory.hpp"

#include "core/try.hpp"
#include "fleet/local_record.hpp"

namespace renewd::commands {

Result<void> remember_requested(Filesystem& filesystem, const state::StatePaths& paths,
                                const std::string& fingerprint) {
  fleet::LocalRecordStore store(filesystem, paths);
  fleet::LocalRecord local = store.load();
  if (local.fingerprint == fingerprint) {
    return {};
  }
  local.fingerprint = fingerprint;
  local.generation = 0;
  return store.save(local);
}

Result<void> decline_installed(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed) {
  // An answer that waits is the fleet's newest, and is remembered already.
  return filesystem.exists(paths.answer()) ? Result<void>() : remember_requested(filesystem, paths, installed);
}

Result<bool> forget_declined(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed) {
  fleet::LocalRecordStore store(filesystem, paths);
  fleet::LocalRecord local = store.load();
  if (local.fingerprint.empty() || local.fingerprint == installed || filesystem.exists(paths.answer())) {
    return false;
  }
  local.fingerprint.clear();
  local.generation = 0;
  TRY(store.save(local));
  return true;
}

}  // namespace renewd::commands
