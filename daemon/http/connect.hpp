// Connects to the first of several addresses that accepts a TCP connection: Happy Eyeballs (RFC 8305), without a memory
// of earlier results.
#pragma once

#include <chrono>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/deadline.hpp"
#include "http/resolve.hpp"

namespace renewd::http {

// The delay between the starts of two attempts (RFC 8305, 5). It is shorter if there would not be time for all
// addresses.
inline constexpr std::chrono::milliseconds kAttemptDelay{250};
inline constexpr std::chrono::milliseconds kMinAttemptDelay{10};
// One more attempt closes the oldest, so that a long list of dead addresses neither uses up the descriptors nor
// prevents an attempt with the address that works.
inline constexpr std::size_t kMaxConcurrentAttempts = 16;

// Without duplicates, alternating between IPv6 and IPv4, beginning with the family of the first address (RFC 8305, 4).
Endpoints in_order_of_attempts(const Endpoints& endpoints);

std::chrono::milliseconds attempt_delay(std::size_t addresses, std::chrono::milliseconds span);

// Tries the addresses in that order; starts the next attempt when the latest fails or after the delay, and closes the
// others when one succeeds. Errors, with the addresses in the message: timeout (within `limit`, or if an address did
// not respond), connect (if all refused or are unreachable), cancelled.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect(Endpoints endpoints, TimeLimit limit);

}  // namespace renewd::http
