// Runs a gateway's coroutines to completion. A stuck one fails the test.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "gateway/gateway.hpp"

namespace renewd::gateway::testing {

// Roots switch throwing off (core/cancellation.hpp).
template <typename T>
boost::asio::awaitable<T> as_root(boost::asio::awaitable<T> work) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(work);
}

struct Loop {
  boost::asio::io_context io;
  boost::asio::cancellation_signal stop;

  template <typename T>
  T finish(boost::asio::awaitable<T> work, std::chrono::seconds at_most = std::chrono::seconds(120)) {
    std::optional<T> result;
    boost::asio::co_spawn(io, as_root(std::move(work)),
                          boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, T value) {
                            if (thrown) {
                              std::rethrow_exception(thrown);
                            }
                            result.emplace(std::move(value));
                          }));
    const auto end = std::chrono::steady_clock::now() + at_most;
    io.restart();
    while (!result) {
      if (io.run_one_until(end) == 0) {
        throw std::runtime_error("the coroutine is stuck");
      }
    }
    return std::move(*result);
  }

  // As SIGTERM does in the daemon.
  void cancel() {
    boost::asio::post(io, [this] { stop.emit(boost::asio::cancellation_type::terminal); });
  }
};

// A gateway as a renewal uses it: one snapshot for every activation that follows.
class GatewayUnderTest {
 public:
  explicit GatewayUnderTest(const configuration::GatewaySettings& settings)
      : gateway(make_gateway(loop.io.get_executor(), settings, {}, {}, {})) {}

  Result<Activation> activate() { return loop.finish(gateway->activate(before())); }
  Result<std::string> verify() {
    return loop.finish(gateway->verify(before())).map([](const Activation& seen) { return seen.message; });
  }
  Result<std::string> rehearse() { return loop.finish(gateway->rehearse()); }

  Loop loop;
  std::unique_ptr<Gateway> gateway;

 private:
  const GatewaySnapshot& before() {
    if (!before_) {
      const Units units = loop.finish(gateway->units()).value_or(Units());
      before_ = GatewaySnapshot{units.running, std::chrono::system_clock::now(), gateway->log_position(), {}};
    }
    return *before_;
  }

  std::optional<GatewaySnapshot> before_;
};

}  // namespace renewd::gateway::testing
