#include "core/blocking.hpp"

#include <stdexcept>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "core/slots.hpp"
#include "support/catch.hpp"

using namespace renewd;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> compute(asio::thread_pool* pool, std::optional<int>& result, std::thread::id& worker) {
  result = co_await run_blocking(pool, [&worker] {
    worker = std::this_thread::get_id();
    return 42;
  });
}

asio::awaitable<void> fail(asio::thread_pool* pool) {
  co_await run_blocking(pool, []() -> int { throw std::runtime_error("broken"); });
}

asio::awaitable<void> work(Slots& slots, int& at_once, int& most, int& done) {
  const auto slot = co_await slots.take();
  if (!slot) {
    co_return;
  }
  most = std::max(most, ++at_once);
  co_await asio::post(asio::use_awaitable);
  co_await asio::post(asio::use_awaitable);
  --at_once;
  ++done;
}

}  // namespace

TEST_CASE("blocking work runs on the pool and returns its result to the event loop") {
  asio::io_context io;
  asio::thread_pool pool(1);
  std::optional<int> result;
  std::thread::id worker;
  asio::co_spawn(io, compute(&pool, result, worker), [](std::exception_ptr thrown) { CHECK_FALSE(thrown); });
  io.run();
  CHECK(result == 42);
  CHECK(worker != std::this_thread::get_id());
}

TEST_CASE("without a pool it runs on the caller's thread") {
  asio::io_context io;
  std::optional<int> result;
  std::thread::id worker;
  asio::co_spawn(io, compute(nullptr, result, worker), [](std::exception_ptr) {});
  io.run();
  CHECK(result == 42);
  CHECK(worker == std::this_thread::get_id());
}

TEST_CASE("cancelling does not interrupt blocking work") {
  asio::io_context io;
  asio::thread_pool pool(1);
  std::optional<int> result;
  std::thread::id worker;
  asio::cancellation_signal stop;
  asio::co_spawn(io, compute(&pool, result, worker),
                 asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  io.poll();
  stop.emit(asio::cancellation_type::terminal);
  io.run();
  CHECK(result == 42);
}

TEST_CASE("the caller gets an exception of blocking work") {
  asio::io_context io;
  asio::thread_pool pool(1);
  std::exception_ptr thrown;
  asio::co_spawn(io, fail(&pool), [&](std::exception_ptr exception) { thrown = exception; });
  io.run();
  CHECK_THROWS_WITH(std::rethrow_exception(thrown), "broken");
}

TEST_CASE("no more coroutines than slots run at once, and each gets a slot") {
  asio::io_context io;
  Slots slots(io.get_executor(), 4);
  int at_once = 0;
  int most = 0;
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    asio::co_spawn(io, work(slots, at_once, most, done), [](std::exception_ptr) {});
  }
  io.run();
  CHECK(most == 4);
  CHECK(done == 20);
}
