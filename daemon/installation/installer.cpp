#include "installation/installer.hpp"

#include <fmt/format.h>

namespace renewd::installation {

Result<void> replace(Filesystem& filesystem, const std::filesystem::path& keystore, std::string_view old,
                     std::string_view bytes) {
  const std::string doing = fmt::format("replacing {}", keystore.string());
  auto target = filesystem.canonical(keystore);
  if (!target) {
    return tl::unexpected(with_context(doing, std::move(target.error())));
  }
  auto attributes = filesystem.attributes(*target);
  if (!attributes) {
    return tl::unexpected(with_context(doing, std::move(attributes.error())));
  }
  const auto still_the_old_one = [&]() -> Result<void> {
    const auto current = filesystem.read(*target, kKeystoreLimit);
    if (current && *current == old) {
      return {};
    }
    return current ? failure(ErrorKind::busy, "somebody else has replaced it meanwhile")
                   : tl::unexpected(current.error());
  };
  if (auto written = write_durably(filesystem, *target, bytes, *attributes, still_the_old_one); !written) {
    return tl::unexpected(with_context(doing, std::move(written.error())));
  }
  // Java's file watchers miss a rename, but see this. The file is in place already: a failure changes nothing.
  (void)filesystem.touch(*target);

  auto read_back = filesystem.read(*target, kKeystoreLimit);
  if (!read_back) {
    return tl::unexpected(with_context(doing + ": reading it back", std::move(read_back.error())));
  }
  if (*read_back != bytes) {
    return failure(ErrorKind::disk, doing + ": what was read back is not what was written; is the disk failing?");
  }
  return {};
}

}  // namespace renewd::installation
