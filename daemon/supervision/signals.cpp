#include "supervision/signals.hpp"

namespace renewd::supervision {
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

void set_up_signals() {
  mask_hangup(SIG_BLOCK);
  (void)::signal(SIGPIPE, SIG_IGN);
  (void)::signal(SIGXFSZ, SIG_IGN);
  // The parent may have ignored it, and then waitpid() would not return a child's status.
  (void)::signal(SIGCHLD, SIG_DFL);
}

void unblock_hangup() {
  mask_hangup(SIG_UNBLOCK);
}

void ignore_unused_signals() {
  for (const int signal : kEndingSignals) {
    if (signal != SIGINT && signal != SIGQUIT && signal != SIGHUP) {
      (void)::signal(signal, SIG_IGN);
    }
  }
}

}  // namespace renewd::supervision
