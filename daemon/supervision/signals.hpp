// Signal dispositions of this process, outside the event loop.
#pragma once

#include <signal.h>

#include <array>

namespace renewd::supervision {

// The signals besides SIGTERM that end a process by default without a fault of its own (signal(7)).
inline constexpr std::array kEndingSignals{SIGINT,  SIGHUP,    SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                           SIGPOLL, SIGVTALRM, SIGPROF, SIGXCPU, SIGPWR,  SIGSTKFLT};

bool is_ignored(int signal);

// Called first. Makes writes to a closed pipe or beyond a size limit fail instead of ending the process, and blocks
// SIGHUP until a command has decided what it means: systemd would take a daemon that it ends for a successful one.
void set_up_signals();

// Unblocks SIGHUP, including one that has arrived already.
void unblock_hangup();

// For the daemon: ignores the signals that it has no use for.
void ignore_unused_signals();

}  // namespace renewd::supervision
