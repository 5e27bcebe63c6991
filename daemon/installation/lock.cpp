#include "installation/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "installation/state.hpp"

namespace renewd::installation {
namespace {

constexpr int kTries = 40;
constexpr std::chrono::milliseconds kBetweenTries{50};

// The lock that root takes by hand must be one that the daemon can take, too (installation/state.hpp).
bool give_to_owner_of(const std::filesystem::path& directory, int descriptor) {
  struct stat wanted{};
  struct stat present{};
  if (::geteuid() != 0) {
    return true;
  }
  return ::stat(directory.c_str(), &wanted) == 0 && ::fstat(descriptor, &present) == 0 &&
         (present.st_uid == wanted.st_uid || ::fchown(descriptor, wanted.st_uid, wanted.st_gid) == 0);
}

std::string read_holder(int descriptor) {
  std::array<char, 128> text{};
  const ssize_t n = ::pread(descriptor, text.data(), text.size(), 0);
  return n > 0 ? printable({text.data(), static_cast<std::size_t>(n)}) : "another process";
}

}  // namespace

Result<Lock> Lock::acquire(const std::filesystem::path& file, std::string_view holder) {
  const std::string doing = fmt::format("locking {}", file.string());
  // Never removed: a lock on a file that another process has unlinked would lock nothing.
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kStateFileMode);
  if (descriptor < 0) {
    return system_failure(ErrorKind::disk, doing, errno);
  }
  Lock lock(descriptor);
  if (!give_to_owner_of(file.parent_path(), descriptor)) {
    return system_failure(ErrorKind::disk, doing, errno);
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return failure(ErrorKind::busy, fmt::format("{}: held by {}", doing, read_holder(descriptor)));
    }
    return system_failure(ErrorKind::disk, doing, errno);
  }
  // For people alone; a full disk must not keep a renewal from its lock.
  const std::string text = fmt::format("gravitee-renewd {} (process {})\n", holder, ::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    (void)!::pwrite(descriptor, text.data(), text.size(), 0);
  }
  return lock;
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Lock::~Lock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<std::optional<std::string>> lock_holder(const std::filesystem::path& file) {
  const std::string doing = fmt::format("looking who holds {}", file.string());
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) {
    return errno == ENOENT ? Result<std::optional<std::string>>(std::nullopt)
                           : system_failure(ErrorKind::disk, doing, errno);
  }
  std::optional<std::string> holder;
  if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    holder = read_holder(descriptor);
  }
  ::close(descriptor);
  return holder;
}

Result<Lock> lock_for_daemon(Filesystem& filesystem, const std::filesystem::path& state_directory) {
  if (auto created = filesystem.create_directories(state_directory, kStateDirectoryMode); !created) {
    return tl::unexpected(with_context("preparing the state directory", std::move(created.error())));
  }
  auto lock = Lock::acquire(daemon_lock(state_directory), "run");
  for (int i = 1; i < kTries && !lock && lock.error().kind == ErrorKind::busy; ++i) {
    std::this_thread::sleep_for(kBetweenTries);
    lock = Lock::acquire(daemon_lock(state_directory), "run");
  }
  return lock;
}

}  // namespace renewd::installation
