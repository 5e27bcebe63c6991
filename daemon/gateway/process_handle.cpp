#include "gateway/process_handle.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"

namespace renewd::gateway {
namespace {

// A number and a line break; anything longer is no pid file.
constexpr std::size_t kPidFileLimit = 64;

std::string process_path(pid_t pid, std::string_view name) {
  return fmt::format("/proc/{}/{}", pid, name);
}

}  // namespace

// Through syscall(2): glibc has wrappers since 2.36 only.
Result<Descriptor> open_process(pid_t pid) {
  const long descriptor = ::syscall(SYS_pidfd_open, pid, 0);
  if (descriptor < 0) {
    return system_failure(ErrorKind::gateway, fmt::format("looking for process {}", pid), errno);
  }
  return Descriptor(static_cast<int>(descriptor));
}

Result<void> send_signal(const Descriptor& process, pid_t pid, int signal) {
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) {
    return {};
  }
  const std::string what = signal == 0 ? "a signal" : signal_name(signal);
  return system_failure(ErrorKind::gateway, fmt::format("sending {} to process {}", what, pid), errno);
}

bool runs_java(pid_t pid) {
  std::error_code unreadable;
  if (std::filesystem::read_symlink(process_path(pid, "exe"), unreadable).filename() == "java") {
    return true;
  }
  std::string name;
  if (std::getline(std::ifstream(process_path(pid, "comm")), name) && name == "java") {
    return true;
  }
  // Launchers such as jsvc load the JVM as a library.
  std::ifstream maps(process_path(pid, "maps"));
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/libjvm.so") != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

Result<pid_t> read_pid_file(const std::filesystem::path& path) {
  // Root may send a signal to any process: whoever can write the file would choose which.
  if (::geteuid() == 0) {
    if (const auto trusted = check_trusted(path, 0); !trusted) {
      return failure(ErrorKind::gateway,
                     fmt::format("root takes no process number from {}, which others can change: {}", path.string(),
                                 trusted.error().message));
    }
  }
  const auto content = PosixFilesystem().read(path, kPidFileLimit);
  if (!content) {
    return failure(ErrorKind::gateway, content.error().message);
  }
  const std::string text = printable(*content);
  const std::string_view digits = std::string_view(text).substr(text.starts_with(' ') ? 1 : 0);
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (error != std::errc() || end != digits.data() + digits.size() || pid <= 1) {
    return failure(ErrorKind::gateway, fmt::format("pid file {} holds no process number: \"{}\"", path.string(), text));
  }
  return pid;
}

}  // namespace renewd::gateway
