// Finds the process that a pid file names, and refuses one that has only inherited its number.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "gateway/process_handle.hpp"

namespace renewd::gateway {

// Start times have a resolution of 1/100 s, file times up to 1/100 s, on FAT 2 s.
inline constexpr std::chrono::seconds kClockTolerance{2};

// A pid file and the process whose number it holds.
struct PidFileTimes {
  TimePoint written;  // the file, by the clock at that time
  TimePoint started;  // the process, by the current clock: the kernel counts from boot
  TimePoint seen;     // when anybody first looked at it in /proc, by the clock at that time; later than its start
  TimePoint now;
};

// Why the process may have reused the number of the one that wrote the file; empty if it is that one. If the clock was
// set forward since, `started` is too late, but `seen` is not. If it was set back, every process seems old: while
// `written` or `seen` lies in the future, `started` proves nothing.
std::optional<std::string> why_reused(const PidFileTimes& times);

// The process whose number a pid file contains. The file may have outlived its process, and the kernel reuses numbers:
// refuses a process that may be another one (why_reused()), a thread, a zombie, a kernel thread, and this process. Root
// refuses a file that other users can change. Error kind: gateway.
Result<ProcessHandle> open_process_of(const std::filesystem::path& pid_file);

}  // namespace renewd::gateway
