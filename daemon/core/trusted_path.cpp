#include "core/trusted_path.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string>

#include <fmt/format.h>

#include "core/descriptor.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

// As the kernel counts them (path_resolution(7)).
constexpr int kMostLinks = 40;

// One step after the other, as the kernel resolves a path, with each directory held while the next is looked up.
class Walk {
 public:
  Walk(const fs::path& path, uid_t user) : user_(user), left_(path.begin(), path.end()) {}

  Result<void> run() {
    if (auto begun = enter("/", Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC))); !begun) {
      return begun;
    }
    while (!left_.empty()) {
      const std::string name = left_.front().string();
      left_.pop_front();
      if (name.empty() || name == "." || name == "/") {
        continue;
      }
      if (auto done = step(name); !done) {
        return done;
      }
    }
    return {};
  }

 private:
  Result<void> step(const std::string& name) {
    const fs::path path = name == ".." ? at_.parent_path() : at_ / name;
    Descriptor next(::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!next || ::fstat(next.get(), &status) != 0) {
      return system_failure(ErrorKind::disk, "looking at " + path.string(), errno);
    }
    return S_ISLNK(status.st_mode) ? follow(path, next, status.st_uid) : enter(path, std::move(next));
  }

  Result<void> follow(const fs::path& path, const Descriptor& link, uid_t owner) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0 || ++links_ > kMostLinks) {
      return system_failure(ErrorKind::disk, "following " + path.string(), size < 0 ? errno : ELOOP);
    }
    if (auto owned = check_owner(path, owner); !owned) {
      return owned;
    }
    const fs::path to(std::string(target.data(), static_cast<std::size_t>(size)));
    left_.insert(left_.begin(), to.begin(), to.end());
    return to.is_absolute() ? enter("/", Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC))) : Result<void>();
  }

  Result<void> enter(const fs::path& path, Descriptor next) {
    struct stat status{};
    if (!next || ::fstat(next.get(), &status) != 0) {
      return system_failure(ErrorKind::disk, "looking at " + path.string(), errno);
    }
    if (auto owned = check_owner(path, status.st_uid); !owned) {
      return owned;
    }
    const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky) {
      return failure(ErrorKind::disk,
                     fmt::format("{} can be written by {} (mode {:04o})", path.string(),
                                 (status.st_mode & S_IWOTH) != 0 ? "everyone" : "its group", status.st_mode & 07777U));
    }
    directory_ = std::move(next);
    at_ = path;
    return {};
  }

  Result<void> check_owner(const fs::path& path, uid_t owner) const {
    if (owner == 0 || owner == user_) {
      return {};
    }
    return failure(ErrorKind::disk, fmt::format("{} belongs to {}", path.string(), name_of_user(owner)));
  }

  uid_t user_;
  std::deque<fs::path> left_;
  Descriptor directory_;
  fs::path at_;
  int links_ = 0;
};

}  // namespace

Result<void> check_trusted(const fs::path& path, uid_t user) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) {
    return system_failure(ErrorKind::disk, "looking at " + path.string(), error.value());
  }
  return Walk(absolute, user).run();
}

std::string name_of_user(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> text{};
  return ::getpwuid_r(user, &entry, text.data(), text.size(), &found) == 0 && found != nullptr
             ? fmt::format("{} (uid {})", found->pw_name, user)
             : fmt::format("uid {}", user);
}

}  // namespace renewd
