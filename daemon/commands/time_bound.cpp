#include "commands/time_bound.hpp"

#include <unistd.h>

#include <utility>

namespace renewd::commands {

TimeBound::TimeBound(std::chrono::seconds span, std::string text, int status)
    : thread_([this, span, text = std::move(text), status] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, span, [this] { return done_; })) {
          // No stream: the thread that is stuck may hold it.
          (void)!::write(STDOUT_FILENO, text.data(), text.size());
          ::_exit(status);
        }
      }) {}

TimeBound::~TimeBound() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace renewd::commands
