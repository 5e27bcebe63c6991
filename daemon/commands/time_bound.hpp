// A bound on the time of a command whose caller waits for it: a file on a dead mount or a bus that does not respond
// can hold a system call up for ever, and nothing else would get it back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace renewd::commands {

class TimeBound {
 public:
  // When `span` is over before this object is gone, `text` goes to standard output and the process ends with `status`.
  TimeBound(std::chrono::seconds span, std::string text, int status);
  TimeBound(const TimeBound&) = delete;
  TimeBound& operator=(const TimeBound&) = delete;
  ~TimeBound();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace renewd::commands
