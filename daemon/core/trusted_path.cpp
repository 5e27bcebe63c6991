#include "core/trusted_path.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/descriptor.hpp"
#include "core/try.hpp"

namespace renewd {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as in the kernel (path_resolution(7))

// A group as useradd(8) creates it: with the user's name and no other members.
bool is_private_group(gid_t id, uid_t user) {
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 4096> text{};
  // Never for root: other accounts may be in its group.
  if (user == 0 || ::getpwuid_r(user, &account, text.data(), text.size(), &found) != 0 || found == nullptr ||
      account.pw_gid != id) {
    return false;
  }
  group entry{};
  group* of_group = nullptr;
  std::array<char, 16384> names{};
  return ::getgrgid_r(id, &entry, names.data(), names.size(), &of_group) == 0 && of_group != nullptr &&
         std::string_view(entry.gr_name) == account.pw_name && *entry.gr_mem == nullptr;
}

// Describes how users other than root and `user` can change the file; empty if they cannot.
std::string change_by_others(const fs::path& path, const struct stat& status, uid_t user) {
  if (status.st_uid != 0 && status.st_uid != user) {
    return fmt::format("{} belongs to {}", path.string(), name_of_user(status.st_uid));
  }
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  const bool everyone = (status.st_mode & S_IWOTH) != 0;
  const bool group = (status.st_mode & S_IWGRP) != 0 && !is_private_group(status.st_gid, status.st_uid);
  if (S_ISLNK(status.st_mode) || sticky || !(everyone || group)) {
    return "";
  }
  return fmt::format("{} can be written by {} (mode {:04o})", path.string(), everyone ? "everyone" : "its group",
                     status.st_mode & 07777U);
}

// Resolves a path step by step, as the kernel does, holding each directory open while it looks up the next name.
class Walk {
 public:
  Walk(const fs::path& path, uid_t user) : user_(user), left_(path.begin(), path.end()) {}

  Result<void> run() {
    TRY(enter_root());
    while (!left_.empty()) {
      const std::string name = left_.front().string();
      left_.pop_front();
      if (!name.empty() && name != "." && name != "/") {
        TRY(step(name));
      }
    }
    return {};
  }

  const std::string& changed_by_others() const { return changed_; }
  const std::string& choice_of_others() const { return choice_; }
  const fs::path& path() const { return at_; }
  Descriptor take_directory() { return std::move(above_); }

 private:
  Result<void> enter_root() {
    Descriptor root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!root || ::fstat(root.get(), &status) != 0) {
      return system_failure(ErrorKind::disk, "checking /", errno);
    }
    enter("/", std::move(root), status);
    return {};
  }

  Result<void> step(const std::string& name) {
    const fs::path path = name == ".." ? at_.parent_path() : at_ / name;
    Descriptor next(::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!next || ::fstat(next.get(), &status) != 0) {
      return system_failure(ErrorKind::disk, "checking " + path.string(), errno);
    }
    if (S_ISLNK(status.st_mode)) {
      return follow(path, next, status);
    }
    enter(path, std::move(next), status);
    return {};
  }

  Result<void> follow(const fs::path& path, const Descriptor& link, const struct stat& status) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0 || ++links_ > kMaxLinks) {
      return system_failure(ErrorKind::disk, "following " + path.string(), size < 0 ? errno : ELOOP);
    }
    note(change_by_others(path, status, user_));
    choice_ = changed_;
    const fs::path to(std::string(target.data(), static_cast<std::size_t>(size)));
    left_.insert(left_.begin(), to.begin(), to.end());
    return to.is_absolute() ? enter_root() : Result<void>();
  }

  void enter(const fs::path& path, Descriptor next, const struct stat& status) {
    note(change_by_others(path, status, user_));
    above_ = std::exchange(directory_, std::move(next));
    at_ = path;
  }

  void note(std::string change) {
    if (changed_.empty()) {
      changed_ = std::move(change);
    }
  }

  uid_t user_;
  std::deque<fs::path> left_;
  Descriptor above_;
  Descriptor directory_;
  fs::path at_;
  int links_ = 0;
  std::string changed_;
  std::string choice_;
};

Result<Walk> walk(const fs::path& path, uid_t user) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) {
    return system_failure(ErrorKind::disk, "checking " + path.string(), error.value());
  }
  Walk walk(absolute, user);
  return walk.run().map([&walk] { return std::move(walk); });
}

}  // namespace

Result<std::string> changed_by_others(const fs::path& path, uid_t user) {
  return walk(path, user).map([](const Walk& walked) { return walked.changed_by_others(); });
}

Result<void> check_trusted(const fs::path& path, uid_t user) {
  return changed_by_others(path, user).and_then([](const std::string& place) {
    return place.empty() ? Result<void>() : failure(ErrorKind::disk, place);
  });
}

Result<ResolvedPath> follow(const fs::path& path, uid_t user) {
  return walk(path, user).map([](Walk&& walked) {
    return ResolvedPath{walked.path(), walked.take_directory(), walked.choice_of_others()};
  });
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
