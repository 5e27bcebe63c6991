#include "http/connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/try.hpp"
#include "http/connect.hpp"
#include "http/proxy_tunnel.hpp"
#include "http/resolve.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kShutdownTimeout{500};  // for the server's close_notify

TimeLimit step_limit(const ConnectionSettings& settings, TimeLimit whole) {
  const std::string_view key = settings.options.limits_are_settings ? "http.connect_timeout" : "";
  return sooner(time_limit(settings.http.connect_timeout, key), whole);
}

template <typename Value>
void set_option(tcp::socket& socket, int level, int name, const Value& value) {
  // Not by Asio, whose destructor would undo SO_LINGER.
  ::setsockopt(socket.native_handle(), level, name, &value, sizeof(value));
}

void reset_on_close(tcp::socket& socket, bool reset) {
  set_option(socket, SOL_SOCKET, SO_LINGER, linger{reset ? 1 : 0, 0});
}

// After `timeout` without an acknowledgement, the kernel gives up what it has not delivered.
void deliver_in_time(tcp::socket& socket, std::chrono::milliseconds timeout) {
  reset_on_close(socket, true);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<unsigned>(timeout.count()));
}

tcp::socket& socket_of(Connection& connection) {
  auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection);
  return stream != nullptr ? (*stream)->next_layer() : std::get<tcp::socket>(connection);
}

asio::awaitable<Result<tcp::socket>> connect_to(std::string host, std::uint16_t port, ConnectionSettings settings,
                                                TimeLimit whole) {
  CO_TRY_LET(auto endpoints, co_await within(step_limit(settings, whole), "looking up " + host, resolve(host, port)));
  auto socket = co_await connect(std::move(endpoints), step_limit(settings, whole));
  if (!socket) {
    co_return tl::unexpected(with_context("connecting to " + authority(host, port), std::move(socket.error())));
  }
  co_return std::move(*socket);
}

asio::awaitable<Result<tcp::socket>> connect_through_proxy(configuration::ProxySettings proxy, Url url,
                                                           ConnectionSettings settings, TimeLimit whole) {
  const std::string name = "proxy " + authority(proxy.host, proxy.port);
  auto socket = co_await connect_to(proxy.host, proxy.port, settings, whole);
  if (!socket) {
    Error error = with_context(name, std::move(socket.error()));
    if (error.kind == ErrorKind::dns || error.kind == ErrorKind::connect) {
      error.kind = ErrorKind::proxy;  // the cause is the proxy, not the cloud
    }
    co_return tl::unexpected(std::move(error));
  }
  std::string doing = fmt::format("opening a tunnel to {} through {}", url.authority(), name);
  CO_TRY(co_await within(step_limit(settings, whole), std::move(doing),
                         open_tunnel(*socket, url.authority(), proxy, settings.http.proxy_password)));
  co_return std::move(*socket);
}

// The references below are to objects in the caller's frame, which outlives the coroutine.

asio::awaitable<Result<void>> handshake(TlsStream& stream, const std::optional<std::filesystem::path>& ca_file) {
  const auto issuer = note_issuer(stream);
  const auto [error] = co_await stream.async_handshake(TlsStream::client, kAsTuple);
  if (is_cancellation(error)) {
    co_return cancelled();
  }
  if (error) {
    co_return tl::unexpected(explain_handshake(stream, error, *issuer, ca_file));
  }
  co_return Result<void>();
}

asio::awaitable<Result<Connection>> start_tls(tcp::socket socket, Url url, ConnectionSettings settings,
                                              TimeLimit whole) {
  CO_TRY_LET(auto context, make_tls_context(settings.http.ca_file));
  if (settings.options.certificate) {
    CO_TRY(use_client_certificate(context, *settings.options.certificate));
  }
  auto stream = std::make_unique<TlsStream>(std::move(socket), context);
  CO_TRY(expect_host(*stream, url));
  std::string doing = "TLS handshake with " + url.authority();
  CO_TRY(co_await within(step_limit(settings, whole), std::move(doing), handshake(*stream, settings.http.ca_file)));
  co_return Connection(std::move(stream));
}

asio::awaitable<Result<tcp::socket>> connect_by_route(Url url, ConnectionSettings settings, TimeLimit whole) {
  if (settings.http.proxy && !url.host_is_loopback()) {
    co_return co_await connect_through_proxy(*settings.http.proxy, url, settings, whole);
  }
  co_return co_await connect_to(url.lookup_name, url.port, settings, whole);
}

asio::awaitable<Result<void>> shut_down(TlsStream& stream) {
  co_await stream.async_shutdown(kAsTuple);
  co_return Result<void>();
}

}  // namespace

TimeLimit ConnectionSettings::request_limit() const {
  return time_limit(http.request_timeout, options.limits_are_settings ? "http.request_timeout" : "");
}

asio::awaitable<Result<Connection>> open_connection(Url url, ConnectionSettings settings, TimeLimit whole) {
  CO_TRY_LET(auto socket, co_await connect_by_route(url, settings, whole));
  deliver_in_time(socket, settings.http.request_timeout);
  if (url.scheme == Scheme::http) {
    co_return Connection(std::move(socket));
  }
  co_return co_await start_tls(std::move(socket), url, settings, whole);
}

void keep_alive(Connection& connection) {
  tcp::socket& socket = socket_of(connection);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 15);  // seconds
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

asio::awaitable<void> close_gracefully(Connection& connection) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return;
  }
  reset_on_close(socket_of(connection), false);
  if (auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection)) {
    co_await within(time_limit(kShutdownTimeout, ""), "closing", shut_down(**stream));
  }
}

}  // namespace renewd::http
