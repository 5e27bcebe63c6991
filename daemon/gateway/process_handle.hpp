// Processes that are not our children, held by a pidfd so that a number used again cannot be mistaken for them.
#pragma once

#include <sys/types.h>

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

// One number above 1, and nothing else but white space. Error kind: gateway.
Result<pid_t> read_pid_file(const std::filesystem::path& path);

}  // namespace renewd::gateway
