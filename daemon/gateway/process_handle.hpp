// Refers to other processes by pidfd, since their numbers may be reused.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

struct ProcessHandle {
  pid_t pid;
  Descriptor descriptor;  // a pidfd
};

// pidfd_open(2). Error kind: gateway.
Result<Descriptor> open_process(pid_t pid);

// pidfd_send_signal(2); signal 0 only checks the permission. Error kind: gateway.
Result<void> send_signal(const Descriptor& process, pid_t pid, int signal);

// Whether /proc shows us the process. The error, of kind gateway, says what hides it, or that it has ended.
Result<void> check_visible(const ProcessHandle& process);

// For messages.
inline constexpr auto kWhyHidden =
    "ProtectProc= in its unit hides processes with another user or group, or more capabilities";
inline constexpr auto kHowToUnhide =
    "set ProtectProc=default in a drop-in of gravitee-renewd.service, and mount /proc without hidepid=";

// Whether this user may inspect the process (ptrace(2)): the same user and group, and no more capabilities than ours.
// /proc with hidepid=2 or ProtectProc=invisible shows no other processes.
bool is_inspectable(pid_t pid);

// Whether the process is a JVM, as far as /proc shows.
bool runs_java(pid_t pid);

// "SIGTERM"; "signal 99" for a number without a name.
std::string signal_name(int signal);

}  // namespace renewd::gateway
