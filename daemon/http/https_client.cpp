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

#include "core/as_tuple.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "http/deadline.hpp"
#include "http/request_text.hpp"
#include "http/response_reader.hpp"
#include "http/url.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tl::unexpected<Error> io_failure(const boost::system::error_code& error) {
  if (is_cancellation(error)) {
    return cancelled();
  }
  return failure(is_tls_error(error) ? ErrorKind::tls : ErrorKind::connect, error.message());
}

// The references below are to objects in the caller's frame, which outlives the coroutine.

template <typename Stream>
asio::awaitable<Result<void>> write_request(Stream& stream, const std::string& text) {
  const auto [error, written] = co_await asio::async_write(stream, asio::buffer(text), kAsTuple);
  if (error) {
    co_return io_failure(error);
  }
  co_return Result<void>();
}

template <typename Stream>
asio::awaitable<Result<Progress>> read_more(Stream& stream, ResponseReader& reader) {
  std::array<char, 16 * 1024> buffer;
  const auto [error, size] = co_await stream.async_read_some(asio::buffer(buffer), kAsTuple);
  if (is_cancellation(error) || (error && is_tls_error(error))) {
    co_return io_failure(error);
  }
  if (error) {
    const auto how = error == asio::error::eof ? ConnectionEnd::clean : ConnectionEnd::abrupt;
    CO_TRY(reader.end(how));
    co_return Progress::complete;
  }
  co_return reader.feed({buffer.data(), size});
}

template <typename Stream>
asio::awaitable<Result<void>> read_response(Stream& stream, ResponseReader& reader) {
  for (;;) {
    CO_TRY_LET(const auto progress, co_await read_more(stream, reader));
    if (progress == Progress::complete) {
      co_return Result<void>();
    }
  }
}

bool is_usable(const HttpRequest& request, const ResponseReader& reader) {
  return request.is_whole != nullptr && !reader.body().empty() && request.is_whole(reader.body());
}

template <typename Stream>
asio::awaitable<Result<HttpResponse>> send_and_receive(Stream& stream, const HttpRequest& request,
                                                       const std::string& text, TimeLimit whole) {
  CO_TRY(co_await within(whole, "sending the request", write_request(stream, text)));
  ResponseReader reader(request.body_limit);
  auto received = co_await within(whole, "waiting for the response", read_response(stream, reader));
  if (!received && !is_usable(request, reader)) {
    co_return tl::unexpected(std::move(received.error()));
  }
  co_return reader.take();
}

template <typename Stream>
asio::awaitable<Result<Progress>> read_head(Stream& stream, ResponseReader& reader) {
  for (;;) {
    CO_TRY_LET(const auto progress, co_await read_more(stream, reader));
    if (progress == Progress::complete || reader.head() != nullptr) {
      co_return progress;
    }
  }
}

template <typename Stream>
asio::awaitable<Result<void>> send_and_stream(Stream& stream, const HttpRequest& request, const std::string& text,
                                              const Sink& sink, TimeLimit whole) {
  CO_TRY(co_await within(whole, "sending the request", write_request(stream, text)));
  ResponseReader reader(request.body_limit);
  CO_TRY_LET(auto progress, co_await within(whole, "waiting for the response", read_head(stream, reader)));
  if (reader.is_encoded()) {
    co_return failure(ErrorKind::bad_answer, "the response is encoded, although that was not requested");
  }
  HttpResponse head = *reader.head();
  head.body.clear();
  Flow flow = sink(head, "");
  for (;;) {
    const std::string piece = reader.take_piece();
    if (flow == Flow::more && !piece.empty()) {
      flow = sink(head, piece);
    }
    if (flow == Flow::stop || progress == Progress::complete) {
      co_return Result<void>();
    }
    CO_TRY_LET(progress, co_await read_more(stream, reader));
  }
}

asio::awaitable<Result<void>> permitted(const HttpRequest& request, TimeLimit whole) {
  if (!request.before_sending) {
    co_return Result<void>();
  }
  co_return co_await within(whole, "before the request is sent", request.before_sending());
}

asio::awaitable<Result<HttpResponse>> exchange(HttpRequest request, ConnectionSettings settings) {
  const TimeLimit whole = settings.request_limit();
  CO_TRY_LET(const auto url, parse_url(request.url));
  CO_TRY_LET(const auto text, request_text(request, url));
  CO_TRY_LET(auto connection, co_await open_connection(url, settings, whole));
  CO_TRY(co_await permitted(request, whole));
  Result<HttpResponse> response;
  if (auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection)) {
    response = co_await send_and_receive(**stream, request, text, whole);
  } else {
    response = co_await send_and_receive(std::get<tcp::socket>(connection), request, text, whole);
  }
  if (response) {
    co_await close_gracefully(connection);
  }
  co_return std::move(response);
}

asio::awaitable<Result<void>> exchange_as_stream(HttpRequest request, Sink sink, ConnectionSettings settings) {
  const TimeLimit whole = settings.request_limit();
  CO_TRY_LET(const auto url, parse_url(request.url));
  CO_TRY_LET(const auto text, request_text(request, url));
  CO_TRY_LET(auto connection, co_await open_connection(url, settings, whole));
  keep_alive(connection);
  CO_TRY(co_await permitted(request, whole));
  if (auto* const stream = std::get_if<std::unique_ptr<TlsStream>>(&connection)) {
    co_return co_await send_and_stream(**stream, request, text, sink, whole);
  }
  co_return co_await send_and_stream(std::get<tcp::socket>(connection), request, text, sink, whole);
}

asio::awaitable<Result<void>> open_and_close(std::string text, ConnectionSettings settings) {
  CO_TRY_LET(const auto url, parse_url(text));
  CO_TRY_LET(auto connection, co_await open_connection(url, settings, settings.request_limit()));
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

HttpsClient::HttpsClient(asio::any_io_executor executor, configuration::HttpSettings settings, ClientOptions options)
    : executor_(std::move(executor)), settings_{std::move(settings), std::move(options)} {}

asio::awaitable<Result<HttpResponse>> HttpsClient::send(HttpRequest request) {
  std::string method = printable(request.method, 20);
  std::string url = request.url;
  return run(executor_, std::move(method), std::move(url), exchange(std::move(request), settings_));
}

asio::awaitable<Result<void>> HttpsClient::rehearse(std::string url) {
  return run(executor_, "reaching", url, open_and_close(url, settings_));
}

asio::awaitable<Result<void>> HttpsClient::stream(HttpRequest request, Sink sink) {
  std::string method = printable(request.method, 20);
  std::string url = request.url;
  return run(executor_, std::move(method), std::move(url),
             exchange_as_stream(std::move(request), std::move(sink), settings_));
}

}  // namespace renewd::http
