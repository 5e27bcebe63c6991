// Signal dispositions of this process, outside the event loop.
#pragma once

#include <signal.h>

#include <array>

namespace renewd::commands {

// The signals besides SIGTERM that end a process by default without a fault of its own (signal(7)).
inline constexpr std::array kEndingSignals{SIGINT,  SIGHUP,    SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                           SIGPOLL, SIGVTALRM, SIGPROF, SIGXCPU, SIGPWR,  SIGSTKFLT};

bool is_ignored(int signal);

// Called first. A write to a closed pipe or beyond a size limit returns an error instead of ending the process. SIGHUP
// is blocked until a command has decided what it means: it would end the daemon, and systemd would take that for
// success.
void set_up_signals();

// Unblocks SIGHUP, including one that has arrived already.
void unblock_hangup();

// For the daemon: ignores the signals that it has no use for.
void ignore_unused_signals();

}  // namespace renewd::commands
