// A TCP connection to the first of several addresses that takes one: Happy Eyeballs (RFC 8305). It remembers nothing.
#pragma once

#include <chrono>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/deadline.hpp"
#include "http/resolve.hpp"

namespace renewd::http {

// RFC 8305, 5: how long an attempt has the network for itself before the next one starts beside it. It is less where
// the limit would end before each address had its turn.
inline constexpr std::chrono::milliseconds kAttemptDelay{250};
inline constexpr std::chrono::milliseconds kShortestAttemptDelay{10};
// With one more, the oldest attempt is given up: a long list of dead addresses neither takes all descriptors nor hides
// the address that works.
inline constexpr std::size_t kMostAttemptsAtOnce = 16;

// Each address once, and the families by turns, beginning with the family of the first one (RFC 8305, 4).
Endpoints in_order_of_attempts(const Endpoints& endpoints);

// Between the starts of two attempts.
std::chrono::milliseconds attempt_delay(std::size_t addresses, std::chrono::milliseconds span);

// Tries the addresses in that order: the next one as soon as the latest fails, or after the delay; those that did not
// win are closed. `limit` bounds all of it. Errors, which name the addresses: timeout when one of them was silent,
// connect when all refused or could not be reached, cancelled.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect(Endpoints endpoints, TimeLimit limit);

}  // namespace renewd::http
