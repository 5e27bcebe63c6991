#include "commands/signals.hpp"

namespace renewd::commands {
namespace {

void mask_hangup(int how) {
  sigset_t hangup;
  ::sigemptyset(&hangup);
  ::sigaddset(&hangup, SIGHUP);
  ::pthread_sigmask(how, &hangup, nullptr);
}

}  // namespace

bool is_ignored(int signal) {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void begin_signals() {
  mask_hangup(SIG_BLOCK);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  // Whoever started us may ignore it: how a child ended would then be known to nobody.
  ::signal(SIGCHLD, SIG_DFL);
}

void release_hangup() {
  mask_hangup(SIG_UNBLOCK);
}

void ignore_meaningless_signals() {
  for (const int signal : kEndingSignals) {
    if (signal != SIGINT && signal != SIGQUIT && signal != SIGHUP) {
      ::signal(signal, SIG_IGN);
    }
  }
}

}  // namespace renewd::commands
