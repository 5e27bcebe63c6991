// A tunnel through an HTTP proxy: CONNECT (RFC 9110, 9.3.6) with Basic authentication (RFC 7617).
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "configuration/settings.hpp"
#include "core/error.hpp"

namespace renewd::http {

// Opens a tunnel to `destination` ("host:port") on `socket`, which is connected to the proxy and must outlive the call.
// Reads no byte after the proxy's response header, so that the socket is the tunnel afterwards. No message contains the
// password, even if the proxy repeats it. Errors: proxy, cancelled.
boost::asio::awaitable<Result<void>> open_tunnel(boost::asio::ip::tcp::socket& socket, std::string destination,
                                                 configuration::ProxySettings proxy,
                                                 std::optional<SecretSource> source);

}  // namespace renewd::http
