#include "core/wall_timer.hpp"

#include <optional>

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

TEST_CASE("a moment in the past is reached at once") {
  const TimePoint moment = GENERATE(TimePoint(0s), TimePoint(-1h), std::chrono::system_clock::now() - 1h);
  asio::io_context io;
  WallTimer timer(io.get_executor());
  std::optional<Wake> woken;
  asio::co_spawn(io, sleep(timer, moment, woken), [](std::exception_ptr) {});
  io.run_for(60s);
  CHECK(woken == Wake::reached);
}

TEST_CASE("a moment soon is reached, and not before") {
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
