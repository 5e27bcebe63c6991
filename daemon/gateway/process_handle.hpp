// Processes that are not our children, held by a pidfd so that a number used again cannot be mistaken for them.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

// A process and its number, which stays its own while it is held.
struct HeldProcess {
  pid_t pid;
  Descriptor handle;
};

// pidfd_open(2). Error kind: gateway.
Result<Descriptor> open_process(pid_t pid);

// pidfd_send_signal(2); signal 0 asks whether it would be permitted. Error kind: gateway.
Result<void> send_signal(const Descriptor& process, pid_t pid, int signal);

// Whether /proc shows us the process; the error, of kind gateway, says what hides it, or that it has ended.
Result<void> check_visible(const HeldProcess& process);

// For messages: which processes ProtectProc=invisible hides, and what to do for one that /proc hides.
inline constexpr auto kWhatIsHidden =
    "ProtectProc= of its unit hides what has another user or group, or more capabilities";
inline constexpr auto kHowToSee =
    "set ProtectProc=default in a drop-in of gravitee-renewd.service, and mount /proc without hidepid=";

// Whether it would be shown to this user by a /proc that hides what its reader may not inspect (hidepid=2,
// ProtectProc=invisible): not what has another user or group, or more capabilities than we have (ptrace(2)).
bool is_transparent(pid_t pid);

// Whether this is a JVM, as far as /proc shows it to us.
bool runs_java(pid_t pid);

// "SIGTERM"; "signal 99" for a number that has no name.
std::string signal_name(int signal);

}  // namespace renewd::gateway
