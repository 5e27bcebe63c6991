#include "gateway/process_handle.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/try.hpp"

namespace renewd::gateway {
namespace {

std::string process_path(pid_t pid, std::string_view name) {
  return fmt::format("/proc/{}/{}", pid, name);
}

}  // namespace

// Through syscall(2): glibc before 2.36 has no wrappers.
Result<Descriptor> open_process(pid_t pid) {
  const long descriptor = ::syscall(SYS_pidfd_open, pid, 0);
  // A thread's number: EINVAL, or ENOENT since Linux 6.15.
  if (descriptor < 0 && (errno == EINVAL || errno == ENOENT)) {
    return failure(ErrorKind::gateway, fmt::format("opening process {}: it is a thread of another process", pid));
  }
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM)) {
    return system_failure(ErrorKind::gateway,
                          fmt::format("opening process {} (pidfd_open needs Linux 5.3, and no seccomp filter may "
                                      "block it)",
                                      pid),
                          errno);
  }
  if (descriptor < 0) {
    return system_failure(ErrorKind::gateway, fmt::format("opening process {}", pid), errno);
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

Result<void> check_visible(const ProcessHandle& process) {
  if (std::ifstream(process_path(process.pid, "stat")).is_open()) {
    return {};
  }
  // A process that has ended, or that we may not signal, gets that error instead.
  TRY(send_signal(process.descriptor, process.pid, 0));
  return failure(
      ErrorKind::gateway,
      fmt::format("/proc hides process {} from this user (hidepid= of the mount, or ProtectProc= of the service's "
                  "unit), so it is unknown which program it is; {}",
                  process.pid, kHowToUnhide));
}

bool is_inspectable(pid_t pid) {
  std::error_code error;
  (void)std::filesystem::read_symlink(process_path(pid, "exe"), error);
  return error != std::errc::permission_denied;
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

}  // namespace renewd::gateway
