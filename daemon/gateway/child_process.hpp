// A program that the daemon starts: without a shell, in its own session, with an empty standard input, one pipe for
// both outputs, and an environment without our secrets. Its background processes may outlive us (detach()).
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
  // Kills the process group if the child was not reaped.
  ~ChildProcess();

  boost::asio::posix::stream_descriptor& output() { return output_; }
  // Whether the child exits within `timeout`. Returns early if the coroutine is cancelled.
  boost::asio::awaitable<bool> exits_within(std::chrono::milliseconds timeout);
  // Signals the child and its process group. Not after reap(): the number may belong to another process then.
  void signal_group(int signal);
  // After the child has exited: a write to the full pipe fails from now on (EAGAIN) instead of blocking. A writer that
  // is already blocked notices when the next output is read.
  void unblock_writers();
  // After the child has exited: its background processes may continue, and their output neither blocks nor ends them
  // (docs/decisions/0014-output-that-outlives-us.md). Whether there are any that hold the output open.
  bool detach();
  // The wait status (waitpid(2)). Empty if the child has not exited even after SIGKILL, because it hangs in the kernel
  // or is being traced; it is reaped later. Never waits.
  std::optional<int> reap();

 private:
  ChildProcess(const boost::asio::any_io_executor& executor, pid_t pid, int pid_descriptor, int output,
               Descriptor input);
  bool has_exited() const;

  pid_t pid_;
  bool reaped_ = false;
  boost::asio::posix::stream_descriptor process_;
  boost::asio::posix::stream_descriptor output_;
  Descriptor input_;  // the end of the pipe that the child writes to
  boost::asio::steady_timer timer_;
};

}  // namespace renewd::gateway
