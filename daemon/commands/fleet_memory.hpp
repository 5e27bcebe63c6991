// What commands change of what a member remembers (fleet::LocalRecord), so that the daemon understands what was done by
// hand. Error kind: disk.
#pragma once

#include <string>

#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::commands {

// This host has requested a certificate without the fleet: the daemon publishes it.
Result<void> remember_requested(Filesystem& filesystem, const state::StatePaths& paths, const std::string& fingerprint);

// Before a roll-back: the certificate that is installed is not adopted again.
Result<void> decline_installed(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed);

// What was rolled back or given up here may be adopted again. Returns whether anything was.
Result<bool> forget_declined(Filesystem& filesystem, const state::StatePaths& paths, const std::string& installed);

}  // namespace renewd::commands
