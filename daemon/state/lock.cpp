#include "state/lock.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/error_context.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "state/paths.hpp"

namespace renewd::state {
namespace {

constexpr int kTries = 40;
constexpr std::chrono::milliseconds kBetweenTries{50};

std::string read_holder(int descriptor) {
  std::array<char, 128> text{};
  const ssize_t n = ::pread(descriptor, text.data(), text.size(), 0);
  return n > 0 ? printable({text.data(), static_cast<std::size_t>(n)}) : "another process";
}

}  // namespace

Result<Lock> Lock::acquire(const Filesystem& filesystem, const std::filesystem::path& file, std::string_view holder) {
  const std::string doing = fmt::format("locking {}", file.string());
  // The file is never removed: a lock on a file that another process has unlinked locks nothing.
  TRY_LET(auto opened, filesystem.open_to_lock(file, true));
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return failure(ErrorKind::busy, fmt::format("{}: held by {}", doing, read_holder(opened.get())));
    }
    // Some file systems have no locks: NFS without its lock service, some FUSE file systems.
    const bool unsupported = errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL;
    return system_failure(ErrorKind::disk, doing + (unsupported ? " (the file system lacks flock)" : ""), errno);
  }
  // Informational: a full disk must not prevent the renewal.
  const std::string text = fmt::format("gravitee-renewd {} (process {})\n", holder, ::getpid());
  if (::ftruncate(opened.get(), 0) == 0) {
    (void)!::pwrite(opened.get(), text.data(), text.size(), 0);
  }
  return Lock(std::move(opened));
}

Result<std::optional<std::string>> lock_holder(const Filesystem& filesystem, const std::filesystem::path& file) {
  TRY_LET(const auto opened, filesystem.open_to_lock(file, false));
  const bool held = opened && ::flock(opened.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  return held ? std::optional(read_holder(opened.get())) : std::nullopt;
}

Result<void> rehearse_lock(Filesystem& filesystem, const std::filesystem::path& directory) {
  const auto file = directory / "rehearsal.lock";
  const auto lock = Lock::acquire(filesystem, file, "rehearsal");
  auto removed = filesystem.remove(file);
  if (!lock && lock.error().kind != ErrorKind::busy) {  // busy: another rehearsal holds it
    return tl::unexpected(lock.error());
  }
  return removed;
}

Result<Lock> lock_for_daemon(Filesystem& filesystem, const std::filesystem::path& state_directory) {
  TRY(filesystem.create_directories(state_directory, kStateDirectoryMode)
          .map_error(in_context("preparing the state directory")));
  auto lock = Lock::acquire(filesystem, daemon_lock(state_directory), "run");
  for (int i = 1; i < kTries && !lock && lock.error().kind == ErrorKind::busy; ++i) {
    std::this_thread::sleep_for(kBetweenTries);
    lock = Lock::acquire(filesystem, daemon_lock(state_directory), "run");
  }
  return lock;
}

}  // namespace renewd::state
