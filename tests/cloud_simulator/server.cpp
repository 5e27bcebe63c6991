#include "server.hpp"

#include <algorithm>
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

#include "response_faults.hpp"

namespace renewd::simulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

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
asio::awaitable<void> write_all(std::shared_ptr<Stream> stream, Delivery delivery) {
  const std::size_t at_once = std::min(delivery.dripped_from, delivery.bytes.size());
  bool written = co_await write(stream, delivery.bytes.substr(0, at_once));
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (std::size_t at = at_once; written && at < delivery.bytes.size(); ++at) {
    written = co_await write(stream, std::string(1, delivery.bytes[at]));
    timer.expires_after(delivery.pause);
    co_await timer.async_wait(kToken);
  }
  while (written && !delivery.repeated.empty()) {
    written = co_await write(stream, delivery.repeated);
  }
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

// Bound, so that the port is nobody else's.
tcp::acceptor bound(asio::io_context& io, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint);
  return acceptor;
}

}  // namespace

Server::Server(asio::io_context& io, const Options& options, Endpoint& endpoint)
    : io_(io),
      options_(options),
      endpoint_(endpoint),
      fault_(parse_fault(options.fault)),
      tls_(make_tls_contexts(options.directory, fault_.fault)),
      acceptor_(bound(io, parse_endpoint(options.listen))),
      fault_ended_(io, asio::steady_timer::time_point::max()) {
  if (fault_.fault != Fault::refuse) {
    acceptor_.listen();
  }
}

std::string Server::url() const {
  const auto local = acceptor_.local_endpoint();
  const std::string host = local.address().to_string();
  return "https://" + (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
}

void Server::end_fault() {
  if (fault_.fault == Fault::refuse) {
    acceptor_.listen();
  }
  fault_ = {};
  fault_ended_.cancel();
}

asio::awaitable<void> Server::accept() {
  if (fault_.fault == Fault::refuse) {
    co_await fault_ended_.async_wait(kToken);
  }
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kToken);
    if (!error) {
      ++connections_;
      asio::co_spawn(io_, serve(std::move(socket), fault_), asio::detached);
    }
  }
}

asio::ssl::context& Server::context_for(Fault fault) {
  const bool changes = fault == Fault::changed_certificate || fault == Fault::changed_authority;
  return fault == Fault::none || (changes && connections_ == 1) ? tls_.good : tls_.faulty;
}

asio::awaitable<void> Server::serve(Socket accepted, ChosenFault chosen) {
  auto socket = std::make_shared<Socket>(std::move(accepted));
  if (chosen.fault == Fault::reset_on_accept) {
    reset(*socket);
    co_return;
  }
  if (chosen.fault == Fault::close_on_accept) {
    co_return;
  }
  if (chosen.fault == Fault::stall_accept) {
    co_return co_await wait_for_close(socket);
  }
  if (chosen.fault == Fault::reset_after_hello) {
    co_await read_hello(socket);
    reset(*socket);
    co_return;
  }
  if (chosen.fault == Fault::stall_handshake) {
    co_await read_hello(socket);
    const std::string begun("\x16\x03\x03\x00\x7a\x02\x00", 7);  // a handshake record of 122 bytes, of which two come
    co_await write(socket, begun);
    co_return co_await wait_for_close(socket);
  }
  if (chosen.fault == Fault::plain_http) {
    co_await read_hello(socket);
    co_await write(socket, std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    co_return;
  }
  co_await serve_tls(std::make_shared<Stream>(std::move(*socket), context_for(chosen.fault)), chosen);
}

asio::awaitable<void> Server::wait(std::chrono::milliseconds time) {
  asio::steady_timer timer(io_, time);
  co_await timer.async_wait(kToken);
}

asio::awaitable<void> Server::serve_tls(std::shared_ptr<Stream> stream, ChosenFault chosen) {
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
  co_await wait(options_.think);
  Response response = endpoint_.answer(as_request(parser.get()));
  if (chosen.fault == Fault::late_answer) {
    co_await wait(std::chrono::milliseconds(chosen.number.value_or(5000)));
  }
  if (fault_.fault == Fault::held_answer) {
    co_await fault_ended_.async_wait(kToken);
  }
  co_await respond(stream, chosen, std::move(response));
  if (options_.exit_after != 0 && endpoint_.answered() >= options_.exit_after) {
    io_.stop();
  }
}

asio::awaitable<void> Server::respond(std::shared_ptr<Stream> stream, ChosenFault chosen, Response response) {
  Delivery delivery = deliver(chosen, std::move(response));
  const Ending ending = delivery.ending;
  co_await write_all(stream, std::move(delivery));
  switch (ending) {
    case Ending::notify:
      // The answer to our own close_notify: nobody has to send one, so it is not waited for longer than the connection.
      co_await stream->async_shutdown(kToken);
      break;
    case Ending::close:
      break;
    case Ending::noise:
      co_await write(socket_of(stream), std::string("SIMULATOR OVER\r\n"));
      break;
    case Ending::reset:
      reset(stream->next_layer());
      break;
    case Ending::stall:
      co_await wait_for_close(socket_of(stream));
      break;
  }
}

}  // namespace renewd::simulator
