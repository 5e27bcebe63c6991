// A program that we start ourselves: no shell, its own process group, nothing to read, both outputs in one pipe, and an
// environment without our secrets. What it leaves running outlives us (let_go()).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

class ChildProcess {
 public:
  // Error kind: gateway.
  static Result<std::unique_ptr<ChildProcess>> start(const boost::asio::any_io_executor& executor,
                                                     std::vector<std::string> argv);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills the group if the child was not reaped.
  ~ChildProcess();

  boost::asio::posix::stream_descriptor& output() { return output_; }
  // Whether the child has ended, after at most `time`; the wait is cut short when the coroutine is cancelled.
  boost::asio::awaitable<bool> ended_within(std::chrono::milliseconds time);
  // To the child and whatever it started in its group. Not after reap(), when the number may be another's.
  void signal_group(int signal);
  // For a child that has ended: from here on a full pipe refuses a write (EAGAIN) instead of blocking the writer. One
  // that blocks already sees it when the next output is read.
  void unblock_writers();
  // For a child that has ended by itself: what it left running is on its own, and its output never ends or stops it
  // (docs/decisions/0014-output-that-outlives-us.md). Whether anything still holds that output.
  bool let_go();
  // The wait status (waitpid(2)) of a child that has ended; nothing of one that has not, even though it was killed: it
  // hangs in the kernel, or somebody traces it. That one is left to itself. Never waits.
  std::optional<int> reap();

 private:
  ChildProcess(const boost::asio::any_io_executor& executor, pid_t pid, int pid_descriptor, int output,
               Descriptor input);
  bool has_ended() const;

  pid_t pid_;
  bool reaped_ = false;
  boost::asio::posix::stream_descriptor process_;
  boost::asio::posix::stream_descriptor output_;
  Descriptor input_;  // what the child writes to
  boost::asio::steady_timer timer_;
};

}  // namespace renewd::gateway
