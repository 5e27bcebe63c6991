// One connection to a server: name lookup, TCP, proxy and TLS, each with its time limit. A connection that is not
// closed in order is reset, so that the kernel delivers nothing of it later: not after a timeout, nor after the end of
// this process.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "configuration/settings.hpp"
#include "http/client_certificate.hpp"
#include "http/deadline.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace renewd::http {

struct ClientOptions {
  std::optional<ClientCertificate> certificate = std::nullopt;
  // Whether http.connect_timeout and http.request_timeout set the time limits, and are named in errors.
  bool limits_are_settings = true;
};

struct ConnectionSettings {
  configuration::HttpSettings http;
  ClientOptions options;

  TimeLimit request_limit() const;
};

using Connection = std::variant<boost::asio::ip::tcp::socket, std::unique_ptr<TlsStream>>;

// Errors: dns, connect, tls, proxy, timeout, cancelled.
boost::asio::awaitable<Result<Connection>> open_connection(Url url, ConnectionSettings settings, TimeLimit whole);

// A peer that has vanished ends the connection, although nothing is sent.
void keep_alive(Connection& connection);

// Sends close_notify. Ignores errors, and a cancellation: the result of the exchange is already known.
boost::asio::awaitable<void> close_gracefully(Connection& connection);

}  // namespace renewd::http
