// The way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6) with Basic authentication (RFC 7617).
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "configuration/settings.hpp"
#include "core/error.hpp"

namespace renewd::http {

// Asks the proxy at the other end of `socket`, which must outlive the call, for a tunnel to `destination`
// ("host:port"). Afterwards the socket is the tunnel: not a byte after the proxy's header has been read. The password
// is read anew from `source`, and is in no message, even where the proxy repeats it. Errors: proxy, cancelled.
boost::asio::awaitable<Result<void>> open_tunnel(boost::asio::ip::tcp::socket& socket, std::string destination,
                                                 configuration::ProxySettings proxy,
                                                 std::optional<SecretSource> source);

}  // namespace renewd::http
