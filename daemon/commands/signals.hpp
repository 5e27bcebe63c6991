// What each signal does to this process, before there is an event loop and beside it.
#pragma once

#include <signal.h>

#include <array>

namespace renewd::commands {

// Besides SIGTERM, what would end a process by default without an error of its own (signal(7)).
inline constexpr std::array kEndingSignals{SIGINT,  SIGHUP,    SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                           SIGPOLL, SIGVTALRM, SIGPROF, SIGXCPU, SIGPWR,  SIGSTKFLT};

bool is_ignored(int signal);

// First of all: a write that fails returns an error (a closed pipe; a limit on the size of files), and SIGHUP is held
// until somebody says what it means. It would end the daemon, which systemd takes for a clean end.
void begin_signals();

// A SIGHUP that was held acts now, as any later one does.
void release_hangup();

// For the daemon: the signals that mean nothing to it do nothing, instead of ending it.
void ignore_meaningless_signals();

}  // namespace renewd::commands
