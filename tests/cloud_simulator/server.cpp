#include "server.hpp"

#include <array>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "response_text.hpp"
#include "server_tls.hpp"

namespace renewd::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kDripInterval{100};

tcp::endpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    throw std::runtime_error("--listen " + text + ": ADDRESS:PORT is expected");
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return {asio::ip::make_address(host), static_cast<asio::ip::port_type>(std::stoul(text.substr(colon + 1)))};
}

// Keeps the connection open, and says nothing, until the client has had enough.
asio::awaitable<void> wait_for_close(std::shared_ptr<tcp::socket> socket) {
  std::array<char, 1024> ignored;
  for (;;) {
    auto [error, size] = co_await socket->async_read_some(asio::buffer(ignored), kToken);
    if (error) {
      co_return;
    }
  }
}

// The close that the peer sees as "connection reset by peer".
void reset(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

template <typename Stream>
asio::awaitable<bool> write(std::shared_ptr<Stream> stream, std::string text) {
  auto [error, size] = co_await asio::async_write(*stream, asio::buffer(text), kToken);
  co_return !error;
}

template <typename Stream>
std::shared_ptr<tcp::socket> socket_of(const std::shared_ptr<Stream>& stream) {
  return {stream, &stream->next_layer()};
}

template <typename Stream>
asio::awaitable<void> drip(std::shared_ptr<Stream> stream, std::string text) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (const char byte : text) {
    const bool written = co_await write(stream, std::string(1, byte));
    if (!written) {
      co_return;
    }
    timer.expires_after(kDripInterval);
    co_await timer.async_wait(kToken);
  }
}

template <typename Stream>
asio::awaitable<void> write_endlessly(std::shared_ptr<Stream> stream, std::string chunk) {
  bool written = true;
  while (written) {
    written = co_await write(stream, chunk);
  }
}

template <typename Stream>
asio::awaitable<void> end(std::shared_ptr<Stream> stream) {
  // The answer to our own close_notify: nobody has to send one, so it is not waited for longer than the connection.
  co_await stream->async_shutdown(kToken);
}

// What arrived first, before TLS: the client's hello.
asio::awaitable<void> read_hello(std::shared_ptr<tcp::socket> socket) {
  std::array<char, 4096> hello;
  co_await socket->async_read_some(asio::buffer(hello), kToken);
}

Request as_request(const http::request<http::string_body>& message) {
  Request request{std::string(message.method_string()), std::string(message.target()), {}, message.body()};
  for (const auto& field : message) {
    request.headers.emplace_back(field.name_string(), field.value());
  }
  return request;
}

}  // namespace

Server::Server(asio::io_context& io, const Options& options, Endpoint& endpoint)
    : io_(io),
      options_(options),
      endpoint_(endpoint),
      fault_(find_fault(options.fault)),
      tls_(make_tls_context(options.directory, fault_)),
      acceptor_(io, parse_endpoint(options.listen)) {}

std::string Server::url() const {
  const auto local = acceptor_.local_endpoint();
  const std::string host = local.address().to_string();
  return "https://" + (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
}

asio::awaitable<void> Server::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kToken);
    if (!error) {
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }
}

asio::awaitable<void> Server::serve(Socket accepted) {
  auto socket = std::make_shared<Socket>(std::move(accepted));
  if (fault_ == Fault::reset_on_accept) {
    reset(*socket);
    co_return;
  }
  if (fault_ == Fault::close_on_accept) {
    co_return;
  }
  if (fault_ == Fault::stall_accept) {
    co_return co_await wait_for_close(socket);
  }
  if (fault_ == Fault::stall_handshake) {
    co_await read_hello(socket);
    const std::string begun("\x16\x03\x03\x00\x7a\x02\x00", 7);  // a handshake record of 122 bytes, of which two come
    co_await write(socket, begun);
    co_return co_await wait_for_close(socket);
  }
  if (fault_ == Fault::plain_http) {
    co_await read_hello(socket);
    co_await write(socket, std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    co_return;
  }
  co_await serve_tls(std::make_shared<Stream>(std::move(*socket), tls_));
}

asio::awaitable<void> Server::serve_tls(std::shared_ptr<Stream> stream) {
  auto [refused] = co_await stream->async_handshake(asio::ssl::stream_base::server, kToken);
  if (refused) {
    co_return;
  }
  boost::beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  auto [broken, size] = co_await http::async_read(*stream, buffer, parser, kToken);
  if (broken) {
    co_return;
  }
  if (options_.think.count() != 0) {
    asio::steady_timer timer(io_, options_.think);
    co_await timer.async_wait(kToken);
  }
  Response response = endpoint_.answer(as_request(parser.get()));
  co_await respond(stream, std::move(response));
  if (options_.exit_after != 0 && endpoint_.answered() >= options_.exit_after) {
    io_.stop();
  }
}

asio::awaitable<void> Server::respond(std::shared_ptr<Stream> stream, Response response) {
  const std::string head = head_text(response);
  const std::string half = response.body.substr(0, response.body.size() / 2);
  switch (fault_) {
    case Fault::reset_after_request:
      co_return reset(stream->next_layer());
    case Fault::stall_after_request:
      co_return co_await wait_for_close(socket_of(stream));
    case Fault::stall_in_header:
      co_await write(stream, head.substr(0, head.size() / 2));
      co_return co_await wait_for_close(socket_of(stream));
    case Fault::stall_in_body:
      co_await write(stream, head + half);
      co_return co_await wait_for_close(socket_of(stream));
    case Fault::reset_in_body:
      co_await write(stream, head + half);
      co_return reset(stream->next_layer());
    case Fault::slow_drip:
      co_await write(stream, head);
      co_return co_await drip(stream, response.body);
    case Fault::endless_body:
      co_await write(stream, chunked_head_text());
      co_return co_await write_endlessly(stream, chunk_text());
    case Fault::close_after_request:
      break;
    case Fault::truncated_body:
      co_await write(stream, head + half);
      break;
    case Fault::bad_http:
      co_await write(stream, std::string("SIMULATOR READY\r\n\r\n"));
      break;
    case Fault::bad_length:
      co_await write(stream, std::string("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n") + response.body);
      break;
    case Fault::huge_header:
      response.headers.emplace_back("X-Filler", std::string(std::size_t{1024} * 1024, 'x'));
      co_await write(stream, head_text(response) + response.body);
      break;
    case Fault::none:
    case Fault::reset_on_accept:
    case Fault::close_on_accept:
    case Fault::stall_accept:
    case Fault::stall_handshake:
    case Fault::plain_http:
    case Fault::wrong_host:
    case Fault::expired_server:
    case Fault::unknown_ca:
    case Fault::tls11_only:
      co_await write(stream, head + response.body);
      break;
  }
  co_await end(stream);
}

}  // namespace renewd::simulator
