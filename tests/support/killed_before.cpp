// A crash at one step of a program: preloaded (LD_PRELOAD), it kills the program just before a file is replaced
// (renameat) that is named KILLED_BEFORE_FILE, if the new contents have KILLED_BEFORE_TEXT in them. The steps of a
// renewal are files that are replaced.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace {

std::string_view variable(const char* name) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return text == nullptr ? std::string_view() : text;
}

bool contains(int directory, const char* file, std::string_view text) {
  char bytes[4096];
  const int descriptor = ::openat(directory, file, O_RDONLY | O_CLOEXEC);
  const ssize_t size = descriptor < 0 ? -1 : ::read(descriptor, bytes, sizeof(bytes));
  ::close(descriptor);
  return size > 0 && std::string_view(bytes, static_cast<std::size_t>(size)).find(text) != std::string_view::npos;
}

}  // namespace

extern "C" int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  const std::string_view file = variable("KILLED_BEFORE_FILE");
  if (!file.empty() && file == to && contains(from_directory, from, variable("KILLED_BEFORE_TEXT"))) {
    ::kill(::getpid(), SIGKILL);
  }
  return static_cast<int>(::syscall(SYS_renameat, from_directory, from, to_directory, to));
}
