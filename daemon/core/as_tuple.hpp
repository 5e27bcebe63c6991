// How coroutines await an operation whose error is an answer: it comes as a value, beside the result.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace renewd {

inline constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// Ends when the timer does, or is cancelled: for use with || beside what is waited for.
inline boost::asio::awaitable<void> expired(boost::asio::steady_timer& timer) {
  co_await timer.async_wait(kAsTuple);
}

}  // namespace renewd
