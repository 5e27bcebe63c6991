// Name lookup that a deadline and a cancellation can end. Asio's resolver cannot: it waits for getaddrinfo(3) even when
// its io_context is destroyed, and a daemon that is told to stop would hang for as long as a name server is silent.
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

// Blocking; runs in a thread of its own and may outlive whoever asked.
using Lookup = std::function<Result<Endpoints>(const std::string& host, std::uint16_t port)>;

// getaddrinfo(3): the order of the addresses is the system's (RFC 6724, gai.conf(5)).
Result<Endpoints> system_lookup(const std::string& host, std::uint16_t port);

// The addresses of `host`, at least one; an address literal needs no lookup. Returns at once when it is cancelled; what
// `lookup` finds later is dropped, also when the io_context is gone by then. Errors: dns, cancelled.
boost::asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Lookup lookup = system_lookup);

}  // namespace renewd::http
