#include "core/opening.hpp"

#include <fcntl.h>

#include <cerrno>

#include <fmt/format.h>

namespace renewd {

tl::expected<OpenedFile, int> open_to_read(int at, const char* path, int flags, Pipes pipes) {
  // O_PATH holds the file without opening it: it cannot be exchanged any more between the check and its opening.
  const Descriptor held(::openat(at, path, O_PATH | flags | O_CLOEXEC));
  OpenedFile opened;
  if (!held || ::fstat(held.get(), &opened.status) != 0) {
    return tl::unexpected(errno);
  }
  const mode_t mode = opened.status.st_mode;
  if (S_ISLNK(mode)) {
    return tl::unexpected(ELOOP);  // as open(2) with O_NOFOLLOW
  }
  if (!S_ISREG(mode) && !S_ISDIR(mode) && !(S_ISFIFO(mode) && pipes == Pipes::opened)) {
    return opened;
  }
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  opened.file = Descriptor(::open(path_of(held).c_str(), kFlags));
  if (!opened.file && (errno == ENOENT || errno == ENOTDIR)) {
    // Without /proc, as in some chroots, by the name, which may lead to something else by now.
    opened.file = Descriptor(::openat(at, path, kFlags | flags));
  }
  if (!opened.file || ::fstat(opened.file.get(), &opened.status) != 0) {
    return tl::unexpected(errno);
  }
  return opened;
}

std::string path_of(const Descriptor& file) {
  return fmt::format("/proc/self/fd/{}", file.get());
}

}  // namespace renewd
