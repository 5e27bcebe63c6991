// The completion token with which coroutines await: errors are values, next to the result.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace renewd {

inline constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// For `operation || expired(timer)`: returns when the timer expires or is cancelled.
inline boost::asio::awaitable<void> expired(boost::asio::steady_timer& timer) {
  co_await timer.async_wait(kAsTuple);
}

}  // namespace renewd
