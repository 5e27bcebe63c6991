// Runs one coroutine, and fails the test if it is stuck.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "core/error.hpp"

namespace renewd::testing {

inline constexpr std::chrono::seconds kStuck{120};

template <typename T>
T run_in(boost::asio::io_context& io, boost::asio::awaitable<T> work, boost::asio::cancellation_slot slot = {}) {
  std::optional<T> outcome;
  std::exception_ptr thrown;
  const auto done = [&](std::exception_ptr exception, T result) {
    thrown = exception;
    outcome.emplace(std::move(result));
  };
  boost::asio::co_spawn(io, std::move(work), boost::asio::bind_cancellation_slot(slot, done));
  const auto end = std::chrono::steady_clock::now() + kStuck;
  io.restart();
  while (!outcome) {
    if (io.run_one_until(end) == 0) {
      throw std::runtime_error("the coroutine is stuck");
    }
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  return std::move(*outcome);
}

}  // namespace renewd::testing
