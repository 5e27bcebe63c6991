// Replaces the installed keystore: the gateway finds the old file or the new one, whole, at every moment and after a
// power cut. Blocking on purpose, so that no cancellation can split it.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::keystore {

// The file that a keystore's path leads to, found once: whatever links are changed afterwards, it stays that file in
// that directory as long as this lives.
struct ReplacedFile {
  std::filesystem::path path;  // without links
  FileAttributes attributes;
  std::shared_ptr<const void> directory;
};

// Refused are a file with a second name (the other one would keep the old keystore) and, behind a symbolic link that
// others can change, a file that does not belong to the owner of its directory: whoever can change the link chooses
// what is overwritten. Root follows no such link, and nobody follows one into the state. Error kind: disk.
Result<ReplacedFile> find_replaced(Filesystem& filesystem, const std::filesystem::path& keystore);

// Whether replace() could succeed, asked without changing anything. What only the attempt would show (a quota, a file
// system that fails) is not found. Error kind: disk.
Result<void> check_replaceable(Filesystem& filesystem, const std::filesystem::path& keystore);

// The same, and then each step of replace() with a file beside the keystore, of which nothing is left. Error kind:
// disk.
Result<void> rehearse_replacement(Filesystem& filesystem, const std::filesystem::path& keystore);

// Puts `bytes` in the place of `keystore`, following symbolic links, with the owner, group, mode, ACL and security
// label of the file there now, and reads it back. The file must hold `old` until the moment of the replacement: what
// somebody else has put there since is not overwritten (busy). On an error the old file is in place, unless the message
// says that the new one could not be read back. Errors: disk, busy.
Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view old,
                     std::string_view bytes);

}  // namespace renewd::keystore
