// A crash at one step of a program: preloaded (LD_PRELOAD), it kills the program just before a file named
// KILLED_BEFORE_FILE is replaced (renameat) or added to (write), if what is new has KILLED_BEFORE_TEXT in it. The steps
// of a renewal are entries of the journal, and files that are replaced.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
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

// Whether that is what an open file is called.
bool is_named(int descriptor, std::string_view name) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof(path));
  const std::string_view target(path, size < 0 ? 0 : static_cast<std::size_t>(size));
  return target.substr(target.rfind('/') + 1) == name;
}

}  // namespace

extern "C" ssize_t write(int descriptor, const void* bytes, size_t size) {
  const std::string_view file = variable("KILLED_BEFORE_FILE");
  const std::string_view text(static_cast<const char*>(bytes), size);
  if (!file.empty() && text.find(variable("KILLED_BEFORE_TEXT")) != std::string_view::npos &&
      is_named(descriptor, file)) {
    ::kill(::getpid(), SIGKILL);
  }
  return ::syscall(SYS_write, descriptor, bytes, size);
}

extern "C" int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  const std::string_view file = variable("KILLED_BEFORE_FILE");
  if (!file.empty() && file == to && contains(from_directory, from, variable("KILLED_BEFORE_TEXT"))) {
    ::kill(::getpid(), SIGKILL);
  }
  return static_cast<int>(::syscall(SYS_renameat, from_directory, from, to_directory, to));
}
