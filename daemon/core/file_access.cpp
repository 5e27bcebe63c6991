#include "core/file_access.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace renewd {
namespace {

// Larger than any errno: the child could not become the user.
constexpr int kNotBecome = 255;

// In a child that nothing but this is done in.
[[noreturn]] void answer_as(const User& user, const std::filesystem::path& path, int mode) {
  if (::setgroups(user.groups.size(), user.groups.data()) != 0 ||
      ::setresgid(user.group, user.group, user.group) != 0 || ::setresuid(user.id, user.id, user.id) != 0) {
    ::_exit(kNotBecome);
  }
  ::_exit(::access(path.c_str(), mode) == 0 ? 0 : errno);
}

int access_error(const std::optional<User>& user, const std::filesystem::path& path, int mode) {
  if (!user) {
    return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    answer_as(*user, path, mode);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : kNotBecome;
}

}  // namespace

Result<User> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr && !name.empty() && name.find_first_not_of("0123456789") == std::string::npos &&
      name.size() < 10) {
    entry = ::getpwuid(static_cast<uid_t>(std::stoul(name)));
  }
  if (entry == nullptr) {
    return failure(ErrorKind::disk, "there is no user " + name + " on this host");
  }
  User user{entry->pw_name, entry->pw_uid, entry->pw_gid, {}};
  int count = 16;
  user.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(entry->pw_name, entry->pw_gid, user.groups.data(), &count) < 0) {
    // It says how many there are; a group may be added meanwhile.
    user.groups.resize(static_cast<std::size_t>(std::max(count, 1)) + user.groups.size());
    count = static_cast<int>(user.groups.size());
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

Result<void> check_access(const std::optional<User>& user, const std::filesystem::path& path, int mode) {
  const int error = access_error(user, path, mode);
  if (error == kNotBecome) {
    return failure(ErrorKind::disk, "not known, since this process cannot become that user");
  }
  if (error != 0) {
    return failure(ErrorKind::disk, std::generic_category().message(error));
  }
  return {};
}

}  // namespace renewd
