#include "core/wall_timer.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"

using namespace renewd;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> sleep(WallTimer& timer, TimePoint moment, std::optional<Wake>& woken) {
  woken = co_await timer.sleep_until(moment);
}

}  // namespace

TEST_CASE("a time in the past is reached at once") {
  const TimePoint moment = GENERATE(TimePoint(0s), TimePoint(-1h), std::chrono::system_clock::now() - 1h);
  asio::io_context io;
  WallTimer timer(io.get_executor());
  std::optional<Wake> woken;
  asio::co_spawn(io, sleep(timer, moment, woken), [](std::exception_ptr) {});
  io.run_for(60s);
  CHECK(woken == Wake::reached);
}

TEST_CASE("a time in the near future is reached, and not before") {
  asio::io_context io;
  WallTimer timer(io.get_executor());
  std::optional<Wake> woken;
  const TimePoint moment = std::chrono::system_clock::now() + 50ms;
  asio::co_spawn(io, sleep(timer, moment, woken), [](std::exception_ptr) {});
  io.run_for(60s);
  CHECK(woken == Wake::reached);
  CHECK(std::chrono::system_clock::now() >= moment);
}

TEST_CASE("a sleep of centuries can be cancelled") {
  asio::io_context io;
  WallTimer timer(io.get_executor());
  std::optional<Wake> woken;
  asio::cancellation_signal cancel;
  asio::co_spawn(io, sleep(timer, std::chrono::system_clock::now() + std::chrono::years(200), woken),
                 asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  io.poll();
  CHECK_FALSE(woken);
  cancel.emit(asio::cancellation_type::terminal);
  io.run_for(60s);
  CHECK(woken == Wake::cancelled);
}

TEST_CASE("all timers share one descriptor, and each wakes") {
  asio::io_context io;
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  constexpr std::size_t kSleepers = 300;
  std::vector<std::unique_ptr<WallTimer>> timers;
  std::vector<std::optional<Wake>> woken(kSleepers);
  timers.push_back(std::make_unique<WallTimer>(io.get_executor()));
  const auto before = descriptors();
  while (timers.size() < kSleepers) {
    timers.push_back(std::make_unique<WallTimer>(io.get_executor()));
  }
  const TimePoint begin = std::chrono::system_clock::now();
  for (std::size_t i = 0; i < kSleepers; ++i) {
    // Some at the same time, and some in the past.
    const TimePoint moment = begin + 100us * static_cast<int>((kSleepers - i) / 2) - 5ms;
    asio::co_spawn(io, sleep(*timers[i], moment, woken[i]), [](std::exception_ptr) {});
  }
  io.poll_one();
  CHECK(descriptors() == before);
  io.run_for(60s);
  CHECK(std::count(woken.begin(), woken.end(), Wake::reached) == kSleepers);
  CHECK(io.stopped());  // nothing keeps the event loop running
}

TEST_CASE("a timer wakes neither with an earlier one nor when another is cancelled") {
  asio::io_context io;
  WallTimer soon(io.get_executor());
  WallTimer later(io.get_executor());
  WallTimer sooner(io.get_executor());
  std::optional<Wake> woken_soon;
  std::optional<Wake> woken_later;
  std::optional<Wake> woken_sooner;
  const TimePoint now = std::chrono::system_clock::now();
  asio::cancellation_signal cancel;
  asio::co_spawn(io, sleep(later, now + 1h, woken_later),
                 asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  asio::cancellation_signal cancel_sooner;
  asio::co_spawn(io, sleep(sooner, now + 5min, woken_sooner),
                 asio::bind_cancellation_slot(cancel_sooner.slot(), [](std::exception_ptr) {}));
  io.poll();
  cancel_sooner.emit(asio::cancellation_type::terminal);
  io.poll();
  CHECK(woken_sooner == Wake::cancelled);
  asio::co_spawn(io, sleep(soon, now + 20ms, woken_soon), [](std::exception_ptr) {});
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!woken_soon && std::chrono::steady_clock::now() < deadline) {
    io.run_one_for(1s);
  }
  io.poll();
  CHECK(woken_soon == Wake::reached);
  CHECK_FALSE(woken_later);
  cancel.emit(asio::cancellation_type::terminal);
  io.run_for(60s);
  CHECK(woken_later == Wake::cancelled);
  CHECK(io.stopped());
}
