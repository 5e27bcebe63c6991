#include "gateway/process_handle.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"

namespace renewd::gateway {
namespace {

// A number and a line break; anything longer is no pid file.
constexpr std::size_t kPidFileLimit = 64;

// Fields of /proc/PID/stat, counted as in proc(5), and a bit of the flags (PF_KTHREAD, linux/sched.h).
constexpr std::size_t kFlagsField = 9;
constexpr std::size_t kStartTimeField = 22;
constexpr std::uint64_t kKernelThread = 0x00200000;

std::string process_path(pid_t pid, std::string_view name) {
  return fmt::format("/proc/{}/{}", pid, name);
}

struct ProcessFacts {
  bool ended = false;
  bool of_kernel = false;
  TimePoint started;
};

// Of a process that is held: what is read here is about that one, or there is nothing to read.
Result<ProcessFacts> facts_of(pid_t pid) {
  std::string text;
  std::getline(std::ifstream(process_path(pid, "stat")), text);
  // The name, in parentheses, may hold anything; the fields behind it are counted from the third (proc(5)).
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
  char state = 0;
  std::array<std::uint64_t, 20> numbers{};  // fields 4 to 22; some are negative, none of which is used
  fields >> state;
  for (std::size_t i = 4; i <= kStartTimeField; ++i) {
    std::string number;
    fields >> number;
    (void)std::from_chars(number.data(), number.data() + number.size(), numbers.at(i - 4));
  }
  if (!fields) {
    return failure(ErrorKind::gateway, "cannot be seen in /proc, so that nobody can tell which process it is");
  }
  const std::uint64_t ticks = numbers.at(kStartTimeField - 4);
  const std::chrono::milliseconds since_start(ticks * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  return ProcessFacts{state == 'Z' || state == 'X', (numbers.at(kFlagsField - 4) & kKernelThread) != 0,
                      host_started_at() + since_start};
}

Result<TimePoint> modified_at(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    return system_failure(ErrorKind::gateway, "reading " + file.string(), errno);
  }
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                                                   std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
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

}  // namespace

// Through syscall(2): glibc has wrappers since 2.36 only.
Result<Descriptor> open_process(pid_t pid) {
  const long descriptor = ::syscall(SYS_pidfd_open, pid, 0);
  // The error for a thread's number is EINVAL, or ENOENT with Linux 6.15 and later.
  if (descriptor < 0 && (errno == EINVAL || errno == ENOENT)) {
    return failure(ErrorKind::gateway, fmt::format("looking for process {}: it is a thread of another process", pid));
  }
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM)) {
    return system_failure(ErrorKind::gateway,
                          fmt::format("holding process {} (pidfd_open needs Linux 5.3, and no seccomp filter that "
                                      "refuses it)",
                                      pid),
                          errno);
  }
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

Result<HeldProcess> open_process_of(const std::filesystem::path& pid_file) {
  // Before the number is read: a file that is written between the two is newer than what is compared.
  const auto written = modified_at(pid_file);
  if (!written) {
    return tl::unexpected(written.error());
  }
  const auto pid = read_pid_file(pid_file);
  if (!pid) {
    return tl::unexpected(pid.error());
  }
  const std::string name = fmt::format("pid file {}: process {}", pid_file.string(), *pid);
  if (*pid == ::getpid()) {
    return failure(ErrorKind::gateway, name + " is this process itself, not the gateway");
  }
  auto handle = open_process(*pid);
  if (!handle) {
    return tl::unexpected(with_context("pid file " + pid_file.string(), std::move(handle.error())));
  }
  const auto facts = facts_of(*pid);
  if (!facts) {
    return tl::unexpected(with_context(name, facts.error()));
  }
  if (facts->ended) {
    return failure(ErrorKind::gateway, name + " has ended");
  }
  if (facts->of_kernel) {
    return failure(ErrorKind::gateway, name +
                                           " is a thread of the kernel: the number is of another time, or of a "
                                           "container's own counting");
  }
  if (facts->started > *written + kClockTolerance) {
    return failure(ErrorKind::gateway,
                   fmt::format("{} was started after the pid file was written ({}, {}): it is another", name,
                               format_time(facts->started), format_time(*written)));
  }
  return HeldProcess{*pid, std::move(*handle)};
}

}  // namespace renewd::gateway
