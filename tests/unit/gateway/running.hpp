// Runs a gateway's coroutines to their end. One that is stuck fails the test.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace renewd::gateway::testing {

struct Loop {
  boost::asio::io_context io;
  boost::asio::cancellation_signal stop;

  template <typename T>
  T finish(boost::asio::awaitable<T> work, std::chrono::seconds at_most = std::chrono::seconds(30)) {
    std::optional<T> result;
    boost::asio::co_spawn(io, std::move(work),
                          boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, T value) {
                            if (thrown) {
                              std::rethrow_exception(thrown);
                            }
                            result.emplace(std::move(value));
                          }));
    io.restart();
    io.run_for(at_most);
    if (!result) {
      throw std::runtime_error("the coroutine is stuck");
    }
    return std::move(*result);
  }

  // As SIGTERM to the daemon does it.
  void cancel() {
    boost::asio::post(io, [this] { stop.emit(boost::asio::cancellation_type::terminal); });
  }
};

}  // namespace renewd::gateway::testing
