#include "faults/small_disk.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace renewd::testing {
namespace {

void mount_or_throw(const std::filesystem::path& directory, unsigned long flags, const std::string& options) {
  if (::mount("tmpfs", directory.c_str(), "tmpfs", flags, options.c_str()) != 0) {
    throw std::runtime_error("mounting " + directory.string() + ": " + std::strerror(errno));
  }
}

}  // namespace

std::optional<std::string> SmallDisk::obstacle() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return std::string("mounting a file system needs root: ") + std::strerror(errno);
  }
  return std::nullopt;
}

SmallDisk::SmallDisk(std::filesystem::path directory, const std::string& options) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  mount_or_throw(directory_, 0, "mode=0700," + options);
}

SmallDisk::~SmallDisk() {
  ::umount2(directory_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() {
  const int fd = ::open((directory_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::vector<char> block(4096);
  while (::write(fd, block.data(), block.size()) > 0) {
  }
  const int error = errno;
  ::close(fd);
  if (error != ENOSPC) {
    throw std::runtime_error("filling " + directory_.string() + ": " + std::strerror(error));
  }
}

void SmallDisk::make_room() {
  std::filesystem::remove(directory_ / "filler");
}

void SmallDisk::remount(Access access) {
  mount_or_throw(directory_, MS_REMOUNT | (access == Access::read_only ? MS_RDONLY : 0), "");
}

void SmallDisk::allow_inodes(int count) {
  mount_or_throw(directory_, MS_REMOUNT, "nr_inodes=" + std::to_string(count));
}

}  // namespace renewd::testing
