// Ends the process when a command takes too long: a dead mount or a bus that does not respond can block a system call
// for ever, and nothing else would interrupt it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace renewd::commands {

class Deadline {
 public:
  // Unless this object is destroyed within `timeout`, writes `text` to standard output and exits with `status`.
  Deadline(std::chrono::seconds timeout, std::string text, int status);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace renewd::commands
