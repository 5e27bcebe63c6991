#include "core/file_access.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "core/descriptor.hpp"

namespace renewd {
namespace {

constexpr unsigned kTimeoutSeconds = 5;
constexpr int kAnswered = 0;

constexpr char kBeforeAdvice = '\0';

// In the child: writes the error's message and advice to the pipe, or nothing on success.
[[noreturn]] void answer_as(const User& user, const std::function<Result<void>()>& question, const Descriptor& pipe) {
  // A file system, such as the user's FUSE mount, may never respond.
  (void)::signal(SIGALRM, SIG_DFL);  // the parent may have a handler, or ignore it
  ::alarm(kTimeoutSeconds);
  if (!become(user)) {
    ::_exit(kAnswered + 1);
  }
  const auto answer = question();
  std::string message = answer ? "" : answer.error().message + kBeforeAdvice + answer.error().advice;
  message.resize(std::min<std::size_t>(message.size(), PIPE_BUF));
  ::_exit(::write(pipe.get(), message.data(), message.size()) == std::ssize(message) ? kAnswered : kAnswered + 1);
}

}  // namespace

Result<void> ask_as(const std::optional<User>& user, const std::function<Result<void>()>& question) {
  if (!user) {
    return question();
  }
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return failure(ErrorKind::disk, "cannot check: " + std::generic_category().message(errno));
  }
  const Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    answer_as(*user, question, writing);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    return failure(ErrorKind::disk,
                   fmt::format("cannot check: the file system did not respond within {} s", kTimeoutSeconds));
  }
  if (child <= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != kAnswered) {
    return failure(ErrorKind::disk, "cannot check: this process cannot switch to that user");
  }
  std::string message(PIPE_BUF, '\0');
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);  // the pipe is empty on success
  const ssize_t size = ::read(reading.get(), message.data(), message.size());
  message.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (message.empty()) {
    return {};
  }
  const auto end = std::min(message.find(kBeforeAdvice), message.size());
  return failure(ErrorKind::disk, message.substr(0, end), message.substr(std::min(end + 1, message.size())));
}

Result<void> check_access(const std::optional<User>& user, const std::filesystem::path& path, int mode) {
  return ask_as(user, [&]() -> Result<void> {
    if (::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0) {
      return failure(ErrorKind::disk, std::generic_category().message(errno));
    }
    return {};
  });
}

}  // namespace renewd
