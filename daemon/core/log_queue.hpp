// Between the event log and an output that may block: a full pipe that nobody reads, a stopped terminal, a journald
// that hangs, a file on a dead server. A thread of its own writes; whoever logs never waits. What does not fit into
// the queue is dropped, oldest first, counted, and reported once the output takes something again.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include "core/event_log.hpp"

namespace renewd {

class LogQueue final : public EventSink {
 public:
  static constexpr std::size_t kMostWaiting = 2000;

  // Without a thread (the system's limit is reached) whoever logs writes.
  explicit LogQueue(std::shared_ptr<EventSink> output, std::size_t most_waiting = kMostWaiting);
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;
  // Waits for the last lines as flush() does. An output that still blocks then is left to its thread.
  ~LogQueue() override;
  // Whether an output has kept a thread of this process from ending with its queue. Such a process ends by _Exit(): the
  // thread may go on at any moment, and uses what destructors and exit handlers would take away.
  static bool left_a_writer();

  void write(const Event& event) override;
  bool shows(Level level) const override;
  // What is logged from now on is written there instead, after all that waits.
  void set_output(std::shared_ptr<EventSink> output);
  // Runs `job` in its place among the events, on the thread that writes them; where nothing but the newest matters,
  // only if nothing waits.
  void post(std::function<void()> job);
  void post_if_idle(std::function<void()> job);
  // Waits until everything so far is written, and at most that long. Returns whether it is.
  bool flush(std::chrono::milliseconds at_most = std::chrono::seconds(1));

 private:
  struct State;
  // Shared with the thread, which may outlive this object.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace renewd
