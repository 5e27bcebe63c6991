#include "commands/deadline.hpp"

#include <unistd.h>

#include <utility>

namespace renewd::commands {

Deadline::Deadline(std::chrono::seconds timeout, std::string text, int status)
    : thread_([this, timeout, text = std::move(text), status] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, timeout, [this] { return done_; })) {
          // Not std::cout: the blocked thread may hold its lock.
          (void)!::write(STDOUT_FILENO, text.data(), text.size());
          ::_exit(status);
        }
      }) {}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace renewd::commands
