#include "gateway/pid_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"

namespace renewd::gateway {
namespace {

// Enough for a number and a line break.
constexpr std::size_t kPidFileLimit = 64;

// Fields of /proc/PID/stat, numbered as in proc(5), and a bit of the flags (PF_KTHREAD, linux/sched.h).
constexpr std::size_t kFlagsField = 9;
constexpr std::size_t kStartTimeField = 22;
constexpr std::uint64_t kKernelThread = 0x00200000;

struct ProcessFacts {
  bool ended = false;
  bool is_kernel_thread = false;
  TimePoint started;
  TimePoint seen;
};

Result<TimePoint> modified_at(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    return system_failure(ErrorKind::gateway, "reading " + file.string(), errno);
  }
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::seconds(status.st_mtim.tv_sec) +
                                                                   std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

// The pidfd guarantees that this is about the same process, or fails.
Result<ProcessFacts> facts_of(const ProcessHandle& process) {
  TRY(check_visible(process));
  const std::string directory = fmt::format("/proc/{}", process.pid);
  std::string text;
  std::getline(std::ifstream(directory + "/stat"), text);
  // The name, in parentheses, may contain anything; the fields after it begin with the third (proc(5)).
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
  char state = 0;
  std::array<std::uint64_t, 20> numbers{};  // fields 4 to 22; the negative ones are not used
  fields >> state;
  for (std::size_t i = 4; i <= kStartTimeField; ++i) {
    std::string number;
    fields >> number;
    (void)std::from_chars(number.data(), number.data() + number.size(), numbers.at(i - 4));
  }
  if (!fields) {
    return failure(ErrorKind::gateway, "has ended");
  }
  const std::uint64_t ticks = numbers.at(kStartTimeField - 4);
  const std::chrono::milliseconds since_start(ticks * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  // The kernel creates the directory when somebody first looks.
  TRY_LET(const TimePoint seen, modified_at(directory));
  return ProcessFacts{state == 'Z' || state == 'X', (numbers.at(kFlagsField - 4) & kKernelThread) != 0,
                      host_started_at() + since_start, seen};
}

Result<pid_t> read_pid_file(const std::filesystem::path& path) {
  // Root may signal any process: a user who can write the file would choose which.
  if (::geteuid() == 0) {
    if (const auto trusted = check_trusted(path, 0); !trusted) {
      return failure(ErrorKind::gateway,
                     fmt::format("pid file {}: root refuses it, because other users can change it: {}", path.string(),
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
    return failure(ErrorKind::gateway,
                   fmt::format("pid file {} contains no process number: \"{}\"", path.string(), text));
  }
  return pid;
}

}  // namespace

std::optional<std::string> why_reused(const PidFileTimes& times) {
  const TimePoint soon = times.now + kClockTolerance;
  const bool seen_in_time = times.seen <= times.written + kClockTolerance;
  if (times.written > soon || times.seen > soon) {
    if (seen_in_time && times.seen > soon) {
      return std::nullopt;  // both are older than the change of the clock
    }
    return fmt::format(
        "may have started after the pid file was written: the clock was set back since (now {}, file written {}, "
        "process first seen {}); restart the gateway, so that it writes the file again",
        format_time(times.now), format_time(times.written), format_time(times.seen));
  }
  if (seen_in_time || times.started <= times.written + kClockTolerance) {
    return std::nullopt;
  }
  return fmt::format(
      "started ({}) after the pid file was written ({}), so it is another process, unless the clock was set forward; "
      "if it is the gateway, touch the file",
      format_time(times.started), format_time(times.written));
}

Result<ProcessHandle> open_process_of(const std::filesystem::path& pid_file) {
  // Before the number is read, in case the file is written in between.
  TRY_LET(const TimePoint written, modified_at(pid_file));
  TRY_LET(const pid_t pid, read_pid_file(pid_file));
  const std::string name = fmt::format("pid file {}: process {}", pid_file.string(), pid);
  if (pid == ::getpid()) {
    return failure(ErrorKind::gateway, name + " is gravitee-renewd itself, not the gateway");
  }
  auto handle = open_process(pid);
  if (!handle) {
    return tl::unexpected(with_context("pid file " + pid_file.string(), std::move(handle.error())));
  }
  ProcessHandle process{pid, std::move(*handle)};
  const auto facts = facts_of(process);
  if (!facts) {
    return tl::unexpected(with_context(name, facts.error()));
  }
  if (facts->ended) {
    return failure(ErrorKind::gateway, name + " has ended");
  }
  if (facts->is_kernel_thread) {
    return failure(ErrorKind::gateway, name +
                                           " is a kernel thread: the pid file is outdated, or its number belongs to a "
                                           "container");
  }
  if (const auto why = why_reused({written, facts->started, facts->seen, SystemClock().now()})) {
    return failure(ErrorKind::gateway, name + " " + *why);
  }
  return process;
}

}  // namespace renewd::gateway
