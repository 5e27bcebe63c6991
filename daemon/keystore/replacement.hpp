// Replaces the installed keystore: at every moment, and after a power cut, the file is the previous or the new one,
// complete. Blocks on purpose, so that no cancellation can split the replacement.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/filesystem.hpp"

namespace renewd::keystore {

// The file that a keystore's path leads to, resolved once: links that are changed afterwards have no effect during the
// lifetime of this object.
struct ReplacedFile {
  std::filesystem::path path;  // without links
  FileAttributes attributes;
  std::shared_ptr<const void> directory;
};

// Refuses a file with several hard links (the others would keep the previous keystore). If others can change a symbolic
// link on the way, they choose what is overwritten: refuses a file that does not belong to the owner of its directory
// and, as root, every such link; also one that leads into the state directory. Error kind: disk.
Result<ReplacedFile> find_replaced(Filesystem& filesystem, const std::filesystem::path& keystore);

// Whether replace() could succeed, without changing anything. Does not find what only an attempt shows (a quota, a
// failing disk). Error kind: disk.
Result<void> check_replaceable(Filesystem& filesystem, const std::filesystem::path& keystore);

// The same, then tries each step of replace() with a temporary file beside the keystore. Error kind: disk.
Result<void> rehearse_replacement(Filesystem& filesystem, const std::filesystem::path& keystore);

// Replaces the content `previous` of `keystore` by `bytes`, following symbolic links, with owner, group, mode, ACL and
// security label of the existing file, and reads it back. A keystore that was replaced externally in the meantime is
// not overwritten (busy). On an error the previous file is in place, unless the message says that reading back failed.
// Errors: disk, busy.
Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view previous,
                     std::string_view bytes);

}  // namespace renewd::keystore
