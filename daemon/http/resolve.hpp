// A name lookup that can be cancelled. Asio's resolver always waits for getaddrinfo(3), so the daemon could not stop
// while a name server does not respond.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/error.hpp"

namespace renewd::http {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Blocks; runs in a separate thread, which may outlive the caller.
using Lookup = std::function<Result<Endpoints>(const std::string& host, std::uint16_t port)>;

// getaddrinfo(3), in the system's order (RFC 6724, gai.conf(5)).
Result<Endpoints> system_lookup(const std::string& host, std::uint16_t port);

// The addresses of `host`, at least one; does not look up an address literal. Returns at once when cancelled, and then
// ignores the result of `lookup`, even if the io_context has been destroyed. Errors: dns, cancelled.
boost::asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Lookup lookup = system_lookup);

}  // namespace renewd::http
