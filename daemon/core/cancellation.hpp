// Whether a coroutine was cancelled. The event loop (supervision/event_loop) disables exceptions on cancellation, so
// that no await can interrupt a renewal half-way; coroutines check here before they start anything long.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace renewd {

inline boost::asio::awaitable<bool> stop_requested() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace renewd
