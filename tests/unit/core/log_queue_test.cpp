#include "core/log_queue.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace renewd;
using namespace std::chrono_literals;

namespace {

class FixedClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1795462200s); }
};

// Blocks until it is opened, like a full pipe.
class Gate final : public EventSink {
 public:
  ~Gate() override { open(); }
  void write(const Event& event) override {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    lines_.push_back(std::string(to_string(event.name)) + " " + std::string(event.message));
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_for_writer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return arrived_ > 0; });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
  std::vector<std::string> lines_;
};

struct Logged {
  explicit Logged(std::size_t most) : queue(std::make_shared<LogQueue>(gate, most)), log(queue, clock) {}
  void say(const std::string& text) { log.event(EventName::certificate_checked, "", text); }
  std::vector<std::string> lines_in_the_end() {
    gate->open();
    REQUIRE(queue->flush(60s));
    return gate->lines();
  }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  FixedClock clock;
  std::shared_ptr<LogQueue> queue;
  EventLog log;
};

}  // namespace

TEST_CASE("logging does not wait for a blocked output, and lines keep their order") {
  Logged logged(10);
  for (const char* text : {"a", "b", "c"}) {
    logged.say(text);
  }
  CHECK(logged.gate->lines().empty());
  CHECK_FALSE(logged.queue->flush(1ms));
  CHECK(logged.lines_in_the_end() ==
        std::vector<std::string>{"certificate_checked a", "certificate_checked b", "certificate_checked c"});
}

TEST_CASE("a full queue drops the oldest lines and reports their number in their place") {
  Logged logged(2);
  logged.say("with the writer");
  logged.gate->wait_for_writer();
  for (const char* text : {"a", "b", "c", "d", "e"}) {
    logged.say(text);
  }
  CHECK(logged.lines_in_the_end() ==
        std::vector<std::string>{
            "certificate_checked with the writer",
            "log_lines_dropped 3 log lines were dropped since 2026-11-23T19:30:00Z: the log output was blocked",
            "certificate_checked d", "certificate_checked e"});
  logged.say("f");
  REQUIRE(logged.queue->flush(60s));
  CHECK(logged.gate->lines().back() == "certificate_checked f");
}

TEST_CASE("the destructor writes the last lines") {
  auto gate = std::make_shared<Gate>();
  gate->open();
  const FixedClock clock;
  {
    const EventLog log(std::make_shared<LogQueue>(gate), clock);
    for (int i = 0; i < 100; ++i) {
      log.event(EventName::certificate_checked, "", "fine");
    }
  }
  CHECK(gate->lines().size() == 100);
}

TEST_CASE("the destructor returns although the output blocks") {
  auto gate = std::make_shared<Gate>();
  const FixedClock clock;
  EventLog(std::make_shared<LogQueue>(gate), clock).event(EventName::certificate_checked, "", "fine");
  CHECK(gate->lines().empty());
  CHECK(LogQueue::left_a_writer());
  gate->open();
}

TEST_CASE("queued lines go to the previous output, later ones to the new output") {
  Logged logged(10);
  logged.say("a");
  const auto elsewhere = std::make_shared<Gate>();
  elsewhere->open();
  logged.queue->set_output(elsewhere);
  logged.say("b");
  CHECK(elsewhere->lines().empty());
  CHECK(logged.lines_in_the_end() == std::vector<std::string>{"certificate_checked a"});
  CHECK(elsewhere->lines() == std::vector<std::string>{"certificate_checked b"});
}

TEST_CASE("jobs run in order with events, and post_if_idle() skips a job while the queue is busy") {
  Logged logged(10);
  std::vector<std::string> before;
  bool drawn = false;
  logged.say("a");
  logged.queue->post([&] { before = logged.gate->lines(); });
  logged.queue->post_if_idle([&] { drawn = true; });
  logged.say("b");
  CHECK(logged.lines_in_the_end().size() == 2);
  CHECK(before == std::vector<std::string>{"certificate_checked a"});
  CHECK_FALSE(drawn);
  logged.queue->post_if_idle([&] { drawn = true; });
  REQUIRE(logged.queue->flush(60s));
  CHECK(drawn);
}
