// A queue between the event log and an output that may block: a full pipe, a stopped terminal, journald, a network file
// system. A separate thread writes, so logging never waits. When the queue is full, it drops the oldest lines, counts
// them, and reports the number when the output works again.
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
  static constexpr std::size_t kCapacity = 2000;

  // If no thread can be started, write() writes to the output itself.
  explicit LogQueue(std::shared_ptr<EventSink> output, std::size_t capacity = kCapacity);
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;
  // Flushes. If the output still blocks, detaches the thread.
  ~LogQueue() override;
  // Whether a thread was detached. The process must then exit by _Exit(), because the thread may resume at any time and
  // use what destructors and exit handlers destroy.
  static bool left_a_writer();

  void write(const Event& event) override;
  bool shows(Level level) const override;
  // Later events are written to `output`, queued ones still to the previous output.
  void set_output(std::shared_ptr<EventSink> output);
  // Runs `job` on the writing thread, in order with the events.
  void post(std::function<void()> job);
  // Skips `job` unless the queue is empty.
  void post_if_idle(std::function<void()> job);
  // Waits until everything is written; returns false after `timeout`.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(1));

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace renewd
