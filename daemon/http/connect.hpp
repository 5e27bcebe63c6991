// A TCP connection to the first of several addresses that takes one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/deadline.hpp"
#include "http/resolve.hpp"

namespace renewd::http {

// Tries each address in turn, `each` long at most, until `whole` ends. The error is that of the last address and tells
// how many were tried. Errors: connect, timeout, cancelled.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect(Endpoints endpoints,
                                                                     std::chrono::milliseconds each, TimeLimit whole);

}  // namespace renewd::http
