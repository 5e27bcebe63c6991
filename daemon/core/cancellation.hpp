// Being told to stop, inside a coroutine. Roots switch Asio's throwing off (commands/event_loop), so that a
// cancellation between two awaits cannot tear a renewal apart; whoever is about to begin something long asks here
// first.
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
