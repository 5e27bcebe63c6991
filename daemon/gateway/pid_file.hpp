// Which process a pid file means, if any.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "gateway/process_handle.hpp"

namespace renewd::gateway {

// Start times are counted in 1/100 s and file times in ticks of up to 1/100 s; FAT has every other second only.
inline constexpr std::chrono::seconds kClockTolerance{2};

// A pid file and the process whose number it holds.
struct PidFileTimes {
  TimePoint written;  // the file, by the clock of then
  TimePoint started;  // the process, by the clock as it is set now: the kernel counts from the host's start
  TimePoint seen;     // when /proc showed it first to anybody, by the clock of then; later than its start
  TimePoint now;
};

// Why the process may be another than the one that the file was written for; nothing where it is that one. A clock that
// was set forward since makes `started` late, but not `seen`. One that was set back makes every process look old: as
// long as one of these times is still to come, `started` proves nothing.
std::optional<std::string> why_another(const PidFileTimes& times);

// The process whose number a pid file holds: one number above 1, and nothing else but white space. A number outlives
// its process, and the kernel gives it away again: a process that may be another (why_another()) is refused, like what
// cannot be a gateway at all (this process, a thread, one of the kernel's). Error kind: gateway.
Result<HeldProcess> open_process_of(const std::filesystem::path& pid_file);

}  // namespace renewd::gateway
