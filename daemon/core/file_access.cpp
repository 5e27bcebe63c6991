#include "core/file_access.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace renewd {
namespace {

// Larger than any errno: the child could not become the user.
constexpr int kNotBecome = 255;
constexpr unsigned kPatience = 5;  // seconds

// In a child that nothing but this is done in.
[[noreturn]] void answer_as(const User& user, const std::filesystem::path& path, int mode) {
  // A file system of that user's may never answer.
  ::alarm(kPatience);
  if (!become(user)) {
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
