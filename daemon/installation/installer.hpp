// Replaces the installed keystore: the gateway finds the old file or the new one, whole, at every moment and after a
// power cut. Blocking on purpose, so that no cancellation can split it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::installation {

// Larger files are no keystores.
inline constexpr std::size_t kKeystoreLimit = 1024 * 1024;

// Puts `bytes` in the place of `keystore`, following symbolic links, with the owner, group, mode, ACL and security
// label of the file there now, and reads it back. The file must hold `old` until the moment of the replacement: what
// somebody else has put there since is not overwritten (busy). On an error the old file is in place, unless the message
// says that the new one could not be read back. Errors: disk, busy.
Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view old,
                     std::string_view bytes);

}  // namespace renewd::installation
