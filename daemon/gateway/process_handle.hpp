// Processes that are not our children, held by a pidfd so that a number used again cannot be mistaken for them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

// pidfd_open(2). Error kind: gateway.
Result<Descriptor> open_process(pid_t pid);

// pidfd_send_signal(2); signal 0 asks whether it would be permitted. Error kind: gateway.
Result<void> send_signal(const Descriptor& process, pid_t pid, int signal);

// Whether this is a JVM, as far as /proc shows it to us.
bool runs_java(pid_t pid);

// "SIGTERM"; "signal 99" for a number that has no name.
std::string signal_name(int signal);

// A process and its number, which stays its own while it is held.
struct HeldProcess {
  pid_t pid;
  Descriptor handle;
};

// The process whose number a pid file holds: one number above 1, and nothing else but white space. A number outlives
// its process, and the kernel gives it away again: what was started after the file was written (up to kClockTolerance)
// is another process, and refused like what cannot be a gateway at all (this process, a thread, one of the kernel's).
// The comparison is by the wall clock, the only one that files know: where the clock was set forward since, the
// gateway's own process is refused as well, until the file is written again. Error kind: gateway.
Result<HeldProcess> open_process_of(const std::filesystem::path& pid_file);

// Start times are counted in 1/100 s and file times in ticks of up to 1/100 s; FAT has every other second only.
inline constexpr std::chrono::seconds kClockTolerance{2};

}  // namespace renewd::gateway
