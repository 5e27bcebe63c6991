#include "monitoring/listener.hpp"

#include <array>
#include <exception>
#include <list>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "core/as_tuple.hpp"
#include "core/try.hpp"
#include "monitoring/host_header.hpp"
#include "monitoring/listening_socket.hpp"

namespace renewd::monitoring {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeaderLimit = 8 * 1024;
// Time for a client that is still sending: closing a socket with unread bytes would discard the response.
constexpr std::chrono::seconds kLingerTime{1};
constexpr std::size_t kLingerLimit = std::size_t{64} * 1024;
// Before the next accept, if no descriptors are left.
constexpr std::chrono::seconds kAcceptPause{1};

using Stream = beast::basic_stream<asio::generic::stream_protocol>;
using Request = http::request_parser<http::empty_body>;
using HttpResponse = http::response<http::string_body>;

Response refusal(unsigned status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text) + "\n"};
}

// RFC 9112, 3.2: HTTP/1.1 requires one Host header. HTTP/1.0 does not, but no browser uses that.
std::optional<Response> check_host(const Request::value_type& request, const configuration::ListenAddress& address) {
  const auto count = request.count(http::field::host);
  if (count > 1 || (count == 0 && request.version() >= 11)) {
    return refusal(400, "a request must have exactly one Host header");
  }
  const std::string_view host(request[http::field::host].data(), request[http::field::host].size());
  if (count == 1 && !accepts_host(address, host)) {
    return refusal(421, "use an IP address or localhost in the URL: any other name may belong to a foreign web page");
  }
  return std::nullopt;
}

Response respond(const Request& request, const beast::error_code& error, const configuration::ListenAddress& address,
                 const Listener::Handler& handler) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(431, "the request's header is larger than 8 KiB");
  }
  if (error) {
    return refusal(400, "malformed HTTP request");
  }
  if (auto refused = check_host(request.get(), address)) {
    return std::move(*refused);
  }
  const auto method = request.get().method();
  if (method != http::verb::get && method != http::verb::head) {
    return refusal(405, "only GET and HEAD are supported");
  }
  const std::string_view target(request.get().target().data(), request.get().target().size());
  return handler(target.substr(0, target.find('?')));
}

HttpResponse http_response(Response content, bool with_body) {
  HttpResponse response(static_cast<http::status>(content.status), 11);
  response.set(http::field::content_type, content.type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'none'");
  if (content.status == 405) {
    response.set(http::field::allow, "GET, HEAD");
  }
  response.keep_alive(false);
  response.content_length(content.body.size());
  if (with_body) {
    response.body() = std::move(content.body);
  }
  return response;
}

}  // namespace

struct Listener::Server {
  Server(ListeningSocket socket, configuration::ListenAddress address, Handler handler)
      : socket(std::move(socket)),
        address(std::move(address)),
        handler(std::move(handler)),
        accept_pause(this->socket.acceptor.get_executor()) {}

  void close() {
    closed = true;
    boost::system::error_code ignored;
    socket.acceptor.close(ignored);
    socket.file.reset();
    accept_pause.cancel();
    for (const auto& stream : streams) {
      stream->close();
    }
  }

  ListeningSocket socket;
  configuration::ListenAddress address;
  Handler handler;
  asio::steady_timer accept_pause;
  std::list<std::shared_ptr<Stream>> streams;  // oldest first
  bool closed = false;

  static asio::awaitable<void> accept(std::shared_ptr<Server> server);
  static asio::awaitable<void> serve(std::shared_ptr<Server> server, std::shared_ptr<Stream> stream);
  static void start(const std::shared_ptr<Server>& server, std::shared_ptr<Stream> stream);
};

asio::awaitable<void> Listener::Server::accept(std::shared_ptr<Server> server) {
  while (!server->closed) {
    auto [error, socket] = co_await server->socket.acceptor.async_accept(kAsTuple);
    if (server->closed) {
      co_return;
    }
    if (error) {
      server->accept_pause.expires_after(kAcceptPause);
      co_await server->accept_pause.async_wait(kAsTuple);
      continue;
    }
    start(server, std::make_shared<Stream>(std::move(socket)));
  }
}

void Listener::Server::start(const std::shared_ptr<Server>& server, std::shared_ptr<Stream> stream) {
  auto& streams = server->streams;
  if (streams.size() >= kMostConnections) {
    streams.front()->close();
    streams.pop_front();
  }
  streams.push_back(stream);
  asio::co_spawn(server->socket.acceptor.get_executor(), serve(server, stream),
                 // An exception (such as bad_alloc) ends only this connection.
                 [server, stream](const std::exception_ptr&) {
                   stream->close();
                   server->streams.remove(stream);
                 });
}

asio::awaitable<void> Listener::Server::serve(std::shared_ptr<Server> server, std::shared_ptr<Stream> stream) {
  Request request;
  request.header_limit(kHeaderLimit);
  beast::flat_buffer buffer(kHeaderLimit);
  stream->expires_after(kClientTime);
  const auto [error, received] = co_await http::async_read_header(*stream, buffer, request, kAsTuple);
  // The client is gone, so there is nobody to respond to.
  const bool client_left = error && (error == http::error::end_of_stream || error == beast::error::timeout ||
                                     error.category() == asio::error::get_system_category());
  if (server->closed || client_left) {
    co_return;
  }
  // The method is known as soon as the first line is parsed, also if a later one is malformed.
  const bool with_body = request.get().method() != http::verb::head;
  const HttpResponse response = http_response(respond(request, error, server->address, server->handler), with_body);
  stream->expires_after(kClientTime);
  const auto [failed, sent] = co_await http::async_write(*stream, response, kAsTuple);
  if (server->closed || failed) {
    co_return;
  }
  boost::system::error_code shut;
  stream->socket().shutdown(asio::socket_base::shutdown_send, shut);
  stream->expires_after(kLingerTime);
  std::array<char, 4096> unread{};
  for (std::size_t drained = 0; !shut && drained < kLingerLimit;) {
    const auto [ended, count] = co_await stream->async_read_some(asio::buffer(unread), kAsTuple);
    if (ended) {
      co_return;
    }
    drained += count;
  }
}

Listener::Listener(asio::any_io_executor executor, Handler handler)
    : executor_(std::move(executor)), handler_(std::move(handler)) {}

Listener::~Listener() {
  close();
}

Result<void> Listener::open(const configuration::ListenAddress& address) {
  close();
  TRY_LET(auto socket, listen_on(executor_, address));
  server_ = std::make_shared<Server>(std::move(socket), address, handler_);
  asio::co_spawn(executor_, Server::accept(server_),
                 [server = server_](const std::exception_ptr&) { server->close(); });
  return {};
}

bool Listener::is_lost() const {
  return server_ && (server_->closed || (server_->socket.file && !server_->socket.file->exists()));
}

void Listener::close() {
  if (server_) {
    server_->close();
    server_.reset();
  }
}

}  // namespace renewd::monitoring
