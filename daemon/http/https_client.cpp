#include "http/https_client.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "http/connect.hpp"
#include "http/deadline.hpp"
#include "http/proxy_tunnel.hpp"
#include "http/request_text.hpp"
#include "http/resolve.hpp"
#include "http/response_reader.hpp"
#include "http/tls.hpp"
#include "http/url.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using configuration::HttpSettings;

using Connection = std::variant<tcp::socket, std::unique_ptr<TlsStream>>;

constexpr std::chrono::milliseconds kShutdownTimeout{500};  // for the server's close_notify

TimeLimit whole_limit(const HttpSettings& settings) {
  return time_limit(settings.request_timeout, "http.request_timeout");
}

TimeLimit step_limit(const HttpSettings& settings, TimeLimit whole) {
  return sooner(time_limit(settings.connect_timeout, "http.connect_timeout"), whole);
}

tl::unexpected<Error> io_failure(const boost::system::error_code& error) {
  if (is_cancellation(error)) {
    return cancelled();
  }
  return failure(is_tls_error(error) ? ErrorKind::tls : ErrorKind::connect, error.message());
}

asio::awaitable<Result<tcp::socket>> connect_to(std::string host, std::uint16_t port, HttpSettings settings,
                                                TimeLimit whole) {
  CO_TRY_LET(auto endpoints, co_await within(step_limit(settings, whole), "looking up " + host, resolve(host, port)));
  auto socket = co_await connect(std::move(endpoints), step_limit(settings, whole));
  if (!socket) {
    co_return tl::unexpected(with_context("connecting to " + authority(host, port), std::move(socket.error())));
  }
  co_return std::move(*socket);
}

asio::awaitable<Result<tcp::socket>> connect_through_proxy(configuration::ProxySettings proxy, Url url,
                                                           HttpSettings settings, TimeLimit whole) {
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
                         open_tunnel(*socket, url.authority(), proxy, settings.proxy_password)));
  co_return std::move(*socket);
}

// The references below are to objects in the caller's frame, which outlives the coroutine.

asio::awaitable<Result<void>> handshake(TlsStream& stream, const std::optional<std::filesystem::path>& ca_file) {
  const auto [error] = co_await stream.async_handshake(TlsStream::client, kAsTuple);
  if (is_cancellation(error)) {
    co_return cancelled();
  }
  if (error) {
    co_return tl::unexpected(explain_handshake(stream, error, ca_file));
  }
  co_return Result<void>();
}

asio::awaitable<Result<Connection>> start_tls(tcp::socket socket, Url url, HttpSettings settings, TimeLimit whole) {
  CO_TRY_LET(auto context, make_tls_context(settings.ca_file));
  auto stream = std::make_unique<TlsStream>(std::move(socket), context);
  CO_TRY(expect_host(*stream, url));
  std::string doing = "TLS handshake with " + url.authority();
  CO_TRY(co_await within(step_limit(settings, whole), std::move(doing), handshake(*stream, settings.ca_file)));
  co_return Connection(std::move(stream));
}

asio::awaitable<Result<tcp::socket>> connect_by_route(Url url, HttpSettings settings, TimeLimit whole) {
  if (settings.proxy && !url.host_is_loopback()) {
    co_return co_await connect_through_proxy(*settings.proxy, url, settings, whole);
  }
  co_return co_await connect_to(url.lookup_name, url.port, settings, whole);
}

asio::awaitable<Result<Connection>> open(Url url, HttpSettings settings, TimeLimit whole) {
  CO_TRY_LET(auto socket, co_await connect_by_route(url, settings, whole));
  if (url.scheme == Scheme::http) {
    co_return Connection(std::move(socket));
  }
  co_return co_await start_tls(std::move(socket), url, settings, whole);
}

template <typename Stream>
asio::awaitable<Result<void>> write_request(Stream& stream, const std::string& text) {
  const auto [error, written] = co_await asio::async_write(stream, asio::buffer(text), kAsTuple);
  if (error) {
    co_return io_failure(error);
  }
  co_return Result<void>();
}

template <typename Stream>
asio::awaitable<Result<HttpResponse>> read_response(Stream& stream) {
  ResponseReader reader;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(buffer), kAsTuple);
    if (is_cancellation(error) || (error && is_tls_error(error))) {
      co_return io_failure(error);
    }
    if (error) {
      const auto how = error == asio::error::eof ? ConnectionEnd::clean : ConnectionEnd::abrupt;
      CO_TRY(reader.end(how));
      co_return reader.take();
    }
    CO_TRY_LET(const auto progress, reader.feed({buffer.data(), size}));
    if (progress == Progress::complete) {
      co_return reader.take();
    }
  }
}

template <typename Stream>
asio::awaitable<Result<HttpResponse>> send_and_receive(Stream& stream, const std::string& text, TimeLimit whole) {
  CO_TRY(co_await within(whole, "sending the request", write_request(stream, text)));
  co_return co_await within(whole, "waiting for the response", read_response(stream));
}

asio::awaitable<Result<void>> shut_down(TlsStream& stream) {
  co_await stream.async_shutdown(kAsTuple);
  co_return Result<void>();
}

// Sends close_notify. Ignores errors, and a cancellation: the result of the exchange is already known.
asio::awaitable<void> close_gracefully(Connection& connection) {
  const auto state = co_await asio::this_coro::cancellation_state;
  auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection);
  if (stream != nullptr && state.cancelled() == asio::cancellation_type::none) {
    co_await within(time_limit(kShutdownTimeout, ""), "closing", shut_down(**stream));
  }
}

asio::awaitable<Result<HttpResponse>> exchange(HttpRequest request, HttpSettings settings) {
  const TimeLimit whole = whole_limit(settings);
  CO_TRY_LET(const auto url, parse_url(request.url));
  CO_TRY_LET(const auto text, request_text(request, url));
  CO_TRY_LET(auto connection, co_await open(url, settings, whole));
  Result<HttpResponse> response;
  if (auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection)) {
    response = co_await send_and_receive(**stream, text, whole);
  } else {
    response = co_await send_and_receive(std::get<tcp::socket>(connection), text, whole);
  }
  if (response) {
    co_await close_gracefully(connection);
  }
  co_return std::move(response);
}

asio::awaitable<Result<void>> open_and_close(std::string text, HttpSettings settings) {
  CO_TRY_LET(const auto url, parse_url(text));
  CO_TRY_LET(auto connection, co_await open(url, settings, whole_limit(settings)));
  co_await close_gracefully(connection);
  co_return Result<void>();
}

// Runs `work` on the client's executor, turns exceptions into errors, and adds method and URL to every error. Does not
// quote an invalid URL, which may contain a password.
template <typename T>
asio::awaitable<Result<T>> run(asio::any_io_executor executor, std::string method, std::string url,
                               asio::awaitable<Result<T>> work) {
  std::optional<Result<T>> outcome;
  co_await asio::co_spawn(executor, keep_result(std::move(work), &outcome), kAsTuple);
  if (!outcome) {
    co_return cancelled();
  }
  if (!*outcome) {
    const std::string doing = parse_url(url) ? method + " " + printable(url) : method;
    co_return tl::unexpected(with_context(doing, std::move(outcome->error())));
  }
  co_return std::move(*outcome);
}

}  // namespace

HttpsClient::HttpsClient(asio::any_io_executor executor, HttpSettings settings)
    : executor_(std::move(executor)), settings_(std::move(settings)) {}

asio::awaitable<Result<HttpResponse>> HttpsClient::send(HttpRequest request) {
  std::string method = printable(request.method, 20);
  std::string url = request.url;
  return run(executor_, std::move(method), std::move(url), exchange(std::move(request), settings_));
}

asio::awaitable<Result<void>> HttpsClient::rehearse(std::string url) {
  return run(executor_, "reaching", url, open_and_close(url, settings_));
}

}  // namespace renewd::http
