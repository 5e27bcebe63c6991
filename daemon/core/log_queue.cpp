#include "core/log_queue.hpp"

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd {
namespace {

// An Event that owns its data.
struct StoredEvent {
  explicit StoredEvent(const Event& event)
      : time(event.time),
        level(event.level),
        name(event.name),
        certificate(event.certificate),
        message(event.message),
        fields(event.fields) {}

  void write_to(EventSink& output) const { output.write({time, level, name, certificate, message, fields}); }

  TimePoint time;
  Level level;
  EventName name;
  std::string certificate;
  std::string message;
  Fields fields;
};

struct Dropped {
  std::int64_t lines = 0;
  TimePoint since;
  TimePoint until;
};

void report(const Dropped& dropped, EventSink& output) {
  const std::string message = fmt::format("{} log line{} dropped since {}: the log output was blocked", dropped.lines,
                                          dropped.lines == 1 ? " was" : "s were", format_time(dropped.since));
  const Fields fields{{"lines", dropped.lines}, {"since", format_time(dropped.since)}};
  output.write(
      {dropped.until, default_level(EventName::log_lines_dropped), EventName::log_lines_dropped, "", message, fields});
}

std::atomic<bool> writer_detached = false;

// For new threads, which inherit the mask: other threads wait for the signals.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Not joinable if the system's limit of threads is reached.
std::thread start_thread(std::function<void()> work) {
  const BlockedSignals blocked;
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace

struct LogQueue::State {
  struct Job {
    std::function<void()> run;
    std::optional<TimePoint> logged;  // nothing for a job that does not write a line
  };

  void push(Job job) {
    {
      const std::lock_guard lock(mutex);
      if (queue.size() >= capacity) {
        drop_oldest();
      }
      queue.push_back(std::move(job));
    }
    wake.notify_one();
  }

  void drop_oldest() {
    if (const auto logged = queue.front().logged) {
      dropped.since = dropped.lines == 0 ? *logged : dropped.since;
      dropped.until = *logged;
      ++dropped.lines;
    }
    queue.pop_front();
  }

  // Returns when `stopping` is set and the queue is empty.
  void write_all() {
    std::unique_lock lock(mutex);
    while (true) {
      // Not wait(), whose symbol is newer than libstdc++ of RHEL 9.
      wake.wait_until(lock, std::chrono::steady_clock::time_point::max(),
                      [this] { return stopping || !queue.empty(); });
      if (queue.empty()) {
        return;
      }
      write_next(lock);
    }
  }

  void write_next(std::unique_lock<std::mutex>& lock) {
    Job next = std::move(queue.front());
    queue.pop_front();
    writing = true;
    const Dropped before = std::exchange(dropped, {});
    const auto to = output;
    lock.unlock();
    try {
      if (before.lines != 0) {
        report(before, *to);
      }
      next.run();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
      // Out of memory: this line is lost, but the next may succeed.
    }
    next = {};
    lock.lock();
    writing = false;
    if (queue.empty()) {
      written.notify_all();
    }
  }

  const std::size_t capacity;
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable written;
  std::deque<Job> queue;
  std::shared_ptr<EventSink> output;
  Dropped dropped;
  bool writing = false;
  bool stopping = false;
};

LogQueue::LogQueue(std::shared_ptr<EventSink> output, std::size_t capacity)
    : state_(std::make_shared<State>(capacity)) {
  state_->output = std::move(output);
  thread_ = start_thread([state = state_] { state->write_all(); });
}

LogQueue::~LogQueue() {
  const bool all_written = flush();
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  if (!thread_.joinable()) {
    return;
  }
  if (all_written) {
    thread_.join();
  } else {
    thread_.detach();
    writer_detached = true;
  }
}

bool LogQueue::left_a_writer() {
  return writer_detached;
}

void LogQueue::write(const Event& event) {
  std::shared_ptr<EventSink> output;
  {
    const std::lock_guard lock(state_->mutex);
    output = state_->output;
  }
  if (!thread_.joinable()) {
    output->write(event);
  } else if (output->shows(event.level)) {
    state_->push({[output, stored = StoredEvent(event)] { stored.write_to(*output); }, event.time});
  }
}

bool LogQueue::shows(Level level) const {
  const std::lock_guard lock(state_->mutex);
  return state_->output->shows(level);
}

void LogQueue::set_output(std::shared_ptr<EventSink> output) {
  const std::lock_guard lock(state_->mutex);
  state_->output = std::move(output);
}

void LogQueue::post(std::function<void()> job) {
  if (!thread_.joinable()) {
    job();
  } else {
    state_->push({std::move(job), std::nullopt});
  }
}

void LogQueue::post_if_idle(std::function<void()> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->writing || !state_->queue.empty()) {
      return;
    }
  }
  post(std::move(job));
}

bool LogQueue::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  return state_->written.wait_for(lock, timeout, [this] { return state_->queue.empty() && !state_->writing; });
}

}  // namespace renewd
