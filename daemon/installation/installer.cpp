#include "installation/installer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "core/file_watch.hpp"
#include "core/trusted_path.hpp"

namespace renewd::installation {

namespace {

// Whether a symbolic link on the way is one that somebody else than root and us can change.
bool others_choose(const std::filesystem::path& keystore) {
  const auto entries = entries_on_the_way(keystore);
  return std::any_of(entries.begin(), entries.end(), [](const std::filesystem::path& entry) {
    struct stat status{};
    const bool is_link = ::lstat(entry.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid();
    return is_link && !(is_ours && check_trusted(entry.parent_path(), ::geteuid()));
  });
}

}  // namespace

Result<ReplacedFile> find_replaced(Filesystem& filesystem, const std::filesystem::path& keystore) {
  auto target = filesystem.canonical(keystore);
  if (!target) {
    return tl::unexpected(std::move(target.error()));
  }
  auto directory = filesystem.hold(target->parent_path());
  if (!directory) {
    return tl::unexpected(std::move(directory.error()));
  }
  auto attributes = filesystem.attributes(*target);
  if (!attributes) {
    return tl::unexpected(std::move(attributes.error()));
  }
  if (attributes->names > 1) {
    return failure(ErrorKind::disk, fmt::format("{} has {} names (hard links): the others would keep the old keystore",
                                                target->string(), attributes->names));
  }
  if (others_choose(keystore)) {
    const auto around = filesystem.attributes(target->parent_path());
    if (!around) {
      return tl::unexpected(around.error());
    }
    if (around->owner != attributes->owner || ::geteuid() == 0) {
      return failure(ErrorKind::disk,
                     fmt::format("{} leads to {}, which belongs to {}, in a directory of {}: not a file "
                                 "that a link may choose",
                                 keystore.string(), target->string(), name_of_user(attributes->owner),
                                 name_of_user(around->owner)));
    }
  }
  return ReplacedFile{std::move(*target), std::move(*attributes), std::move(*directory)};
}

Result<void> check_replaceable(Filesystem& filesystem, const std::filesystem::path& keystore) {
  return find_replaced(filesystem, keystore).and_then([&filesystem](const ReplacedFile& file) {
    return filesystem.check_writable(file.path.parent_path());
  });
}

Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view old,
                     std::string_view bytes) {
  const std::string doing = fmt::format("replacing {}", keystore.string());
  const auto replaced = find_replaced(filesystem, keystore);
  if (!replaced) {
    return tl::unexpected(with_context(doing, replaced.error()));
  }
  const auto& target = replaced->path;
  const auto still_the_old_one = [&]() -> Result<void> {
    const auto current = filesystem.read(target, kKeystoreLimit);
    if (current && *current == old) {
      return {};
    }
    return current ? failure(ErrorKind::busy, "somebody else has replaced it meanwhile")
                   : tl::unexpected(current.error());
  };
  if (auto written = write_durably(filesystem, target, bytes, replaced->attributes, still_the_old_one); !written) {
    return tl::unexpected(with_context(doing, std::move(written.error())));
  }
  // Java's file watchers miss a rename, but see this. The file is in place already: a failure changes nothing.
  (void)filesystem.touch(target);

  auto read_back = filesystem.read(target, kKeystoreLimit);
  if (!read_back) {
    return tl::unexpected(with_context(doing + ": reading it back", std::move(read_back.error())));
  }
  if (*read_back != bytes) {
    return failure(ErrorKind::disk, doing + ": what was read back is not what was written; is the disk failing?");
  }
  return {};
}

}  // namespace renewd::installation
