#include "keystore/replacement.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/advice.hpp"
#include "core/error_context.hpp"
#include "core/try.hpp"

namespace renewd::keystore {

Result<ReplacedFile> find_replaced(Filesystem& filesystem, const std::filesystem::path& keystore) {
  TRY_LET(auto file, filesystem.follow(keystore));
  TRY_LET(auto attributes, filesystem.attributes(file.path));
  if (!attributes.regular) {
    return failure(ErrorKind::disk, file.path.string() + " is not a regular file");
  }
  if (attributes.names > 1) {
    return failure(ErrorKind::disk,
                   fmt::format("{} has {} hard links: the other names would keep the previous keystore",
                               file.path.string(), attributes.names));
  }
  if (!file.choice_of_others.empty() && (::geteuid() == 0 || file.directory_owner != attributes.owner)) {
    return failure(ErrorKind::disk, fmt::format("{} leads to {} through a symbolic link that others can change: {}; "
                                                "refused, because {}",
                                                keystore.string(), file.path.string(), file.choice_of_others,
                                                ::geteuid() == 0 ? "root does not follow such links"
                                                                 : "the file and its directory have different owners"));
  }
  return ReplacedFile{std::move(file.path), std::move(attributes), std::move(file.directory)};
}

namespace {

// Only the owner of a keystore and of its directory can replace it.
auto with_owner(const std::filesystem::path& keystore) {
  return [keystore](Error error) {
    if (std::string advice = advice_on_owner(keystore); !advice.empty()) {
      error.advice = std::move(advice);
    }
    return error;
  };
}

}  // namespace

Result<void> check_replaceable(Filesystem& filesystem, const std::filesystem::path& keystore) {
  return find_replaced(filesystem, keystore)
      .and_then(
          [&filesystem](const ReplacedFile& file) { return filesystem.check_replaceable(file.path, file.attributes); })
      .map_error(with_owner(keystore));
}

Result<void> rehearse_replacement(Filesystem& filesystem, const std::filesystem::path& keystore) {
  return find_replaced(filesystem, keystore)
      .and_then([&filesystem](const ReplacedFile& file) {
        return filesystem.check_replaceable(file.path, file.attributes)
            .and_then([&] { return filesystem.read(file.path, certificate::kKeystoreLimit); })
            .and_then([&](const std::string& installed) {
              // The renewed one will have about the same size.
              return rehearse_write(filesystem, file.path, installed.size(), file.attributes);
            });
      })
      .map_error(with_owner(keystore));
}

Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view previous,
                     std::string_view bytes) {
  const std::string doing = fmt::format("replacing {}", keystore.string());
  TRY_LET(const ReplacedFile replaced, find_replaced(filesystem, keystore).map_error(in_context(doing)));
  const auto& target = replaced.path;
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
  if (auto written =
          write_atomically(filesystem, target, bytes, replaced.attributes, Durability::full, still(previous));
      !written) {
    Error error = with_context(doing, std::move(written.error()));
    if (bytes != previous && still(bytes)()) {
      // Only the last sync failed, and a power cut might undo the replacement after the gateway has been restarted.
      const auto undone =
          write_atomically(filesystem, target, previous, replaced.attributes, Durability::full, still(bytes));
      if (!undone && !still(previous)()) {
        error.message +=
            "; the new keystore is in place, and restoring the previous one failed: " + undone.error().message;
      }
    }
    return tl::unexpected(std::move(error));
  }
  // Java's file watchers miss a rename, but notice this. Best effort: the file is already in place.
  (void)filesystem.touch(target);

  TRY_LET(const std::string read_back,
          filesystem.read(target, certificate::kKeystoreLimit).map_error(in_context(doing + ": reading it back")));
  if (read_back != bytes) {
    return failure(ErrorKind::disk, doing + ": the file does not contain what was written; check the disk");
  }
  return {};
}

}  // namespace renewd::keystore
