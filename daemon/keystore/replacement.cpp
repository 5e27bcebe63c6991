#include "keystore/replacement.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/try.hpp"

namespace renewd::keystore {

Result<ReplacedFile> find_replaced(Filesystem& filesystem, const std::filesystem::path& keystore) {
  auto file = filesystem.follow(keystore);
  if (!file) {
    return tl::unexpected(std::move(file.error()));
  }
  TRY_LET(auto attributes, filesystem.attributes(file->path));
  if (!attributes.regular) {
    return failure(ErrorKind::disk, file->path.string() + " is not a regular file");
  }
  if (attributes.names > 1) {
    return failure(ErrorKind::disk, fmt::format("{} has {} names (hard links): the others would keep the old keystore",
                                                file->path.string(), attributes.names));
  }
  if (!file->choice_of_others.empty() && (::geteuid() == 0 || file->directory_owner != attributes.owner)) {
    return failure(ErrorKind::disk, fmt::format("{} leads to {} by a way that others choose: {}; refused, since {}",
                                                keystore.string(), file->path.string(), file->choice_of_others,
                                                ::geteuid() == 0 ? "root follows no such way"
                                                                 : "the file and its directory have different owners"));
  }
  return ReplacedFile{std::move(file->path), std::move(attributes), std::move(file->directory)};
}

Result<void> check_replaceable(Filesystem& filesystem, const std::filesystem::path& keystore) {
  return find_replaced(filesystem, keystore).and_then([&filesystem](const ReplacedFile& file) {
    return filesystem.check_replaceable(file.path, file.attributes);
  });
}

Result<void> rehearse_replacement(Filesystem& filesystem, const std::filesystem::path& keystore) {
  return find_replaced(filesystem, keystore).and_then([&filesystem](const ReplacedFile& file) {
    return filesystem.check_replaceable(file.path, file.attributes)
        .and_then([&] { return filesystem.read(file.path, certificate::kKeystoreLimit); })
        .and_then([&](const std::string& installed) {
          // A renewed one is about as long.
          return rehearse_write(filesystem, file.path, installed.size(), file.attributes);
        });
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
  const auto still = [&](std::string_view expected) {
    return [&filesystem, &target, expected]() -> Result<void> {
      const auto current = filesystem.read(target, certificate::kKeystoreLimit);
      if (current && *current == expected) {
        return {};
      }
      return current ? failure(ErrorKind::busy, "it was replaced externally meanwhile")
                     : tl::unexpected(current.error());
    };
  };
  if (auto written = write_durably(filesystem, target, bytes, replaced->attributes, still(old)); !written) {
    Error error = with_context(doing, std::move(written.error()));
    if (bytes != old && still(bytes)()) {
      // Only the last sync has failed. What a power cut may undo is not left to a gateway that nobody would tell.
      if (auto undone = write_durably(filesystem, target, old, replaced->attributes, still(bytes)); !undone) {
        error.message +=
            "; the new keystore is in place, and restoring the previous one failed: " + undone.error().message;
      }
    }
    return tl::unexpected(std::move(error));
  }
  // Java's file watchers miss a rename, but see this. The file is in place already: a failure changes nothing.
  (void)filesystem.touch(target);

  auto read_back = filesystem.read(target, certificate::kKeystoreLimit);
  if (!read_back) {
    return tl::unexpected(with_context(doing + ": reading it back", std::move(read_back.error())));
  }
  if (*read_back != bytes) {
    return failure(ErrorKind::disk, doing + ": what was read back is not what was written; is the disk failing?");
  }
  return {};
}

}  // namespace renewd::keystore
