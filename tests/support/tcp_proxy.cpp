#include "support/tcp_proxy.hpp"

#include <array>
#include <atomic>
#include <future>
#include <set>
#include <string>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace renewd::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// Finds the request in what a TLS 1.3 client sends: the encrypted record after that with its Finished message, which
// has one of two lengths (RFC 8446, 4.4.4: a digest of 32 or 48 bytes).
class RequestFinder {
 public:
  // Whether a record of the request has passed.
  bool feed(std::string_view bytes) {
    bytes_ += bytes;
    while (bytes_.size() >= kHeader) {
      const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(bytes_[i]); };
      const std::size_t length = byte(3) * 256U + byte(4);
      if (bytes_.size() < kHeader + length) {
        break;
      }
      const bool is_encrypted = byte(0) == 23;
      found_ = found_ || (finished_ && is_encrypted);
      finished_ = finished_ || (is_encrypted && (length == 53 || length == 69));
      bytes_.erase(0, kHeader + length);
    }
    return found_;
  }

 private:
  static constexpr std::size_t kHeader = 5;
  std::string bytes_;
  bool finished_ = false;
  bool found_ = false;
};

struct Link {
  explicit Link(tcp::socket from) : client(std::move(from)), server(client.get_executor()) {}

  void cut() {
    boost::system::error_code ignored;
    client.set_option(asio::socket_base::linger(true, 0), ignored);
    client.close(ignored);
    server.close(ignored);
  }

  tcp::socket client;
  tcp::socket server;
  bool loses_response = false;
  bool request_passed = false;
  RequestFinder request;
};

}  // namespace

struct TcpProxy::State {
  State(std::uint16_t server_port, std::string asked_credentials)
      : credentials(std::move(asked_credentials)),
        acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port(acceptor.local_endpoint().port()),
        server(asio::ip::address_v4::loopback(), server_port),
        changed(io) {
    changed.expires_at(asio::steady_timer::time_point::max());
    asio::co_spawn(io, accept(), asio::detached);
    thread = std::thread([this] { io.run(); });
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
      if (error) {
        co_return;
      }
      connected.push_back(std::chrono::system_clock::now());
      const auto link = std::make_shared<Link>(std::move(socket));
      link->loses_response = network == Network::loses_responses;
      if (network == Network::cut) {
        link->cut();
      } else {
        asio::co_spawn(io, connect(link), asio::detached);
      }
    }
  }

  // Reads a CONNECT request, after which the client sends nothing before it has a response.
  asio::awaitable<bool> accepts_request(std::shared_ptr<Link> link) {
    std::string head;
    co_await asio::async_read_until(link->client, asio::dynamic_buffer(head), "\r\n\r\n", kAsTuple);
    co_return head.starts_with("CONNECT ") &&
        head.find("\r\nProxy-Authorization: Basic " + credentials + "\r\n") != std::string::npos;
  }

  asio::awaitable<void> respond(std::shared_ptr<Link> link, std::string status) {
    const std::string head = "HTTP/1.1 " + status + "\r\n\r\n";
    co_await asio::async_write(link->client, asio::buffer(head), kAsTuple);
  }

  // False if the client has had a refusal.
  asio::awaitable<bool> open_tunnel(std::shared_ptr<Link> link) {
    const bool accepted = co_await accepts_request(link);
    if (!accepted) {
      co_await respond(link, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0");
      co_return false;
    }
    const auto [error] = co_await link->server.async_connect(server, kAsTuple);
    co_await respond(link, error ? "502 Bad Gateway\r\nContent-Length: 0" : "200 Connection established");
    co_return !error;
  }

  asio::awaitable<bool> open_link(std::shared_ptr<Link> link) {
    const auto [error] = co_await link->server.async_connect(server, kAsTuple);
    if (error) {
      link->cut();
    }
    co_return !error;
  }

  asio::awaitable<void> connect(std::shared_ptr<Link> link) {
    links.insert(link);
    bool opened = false;
    if (credentials.empty()) {
      opened = co_await open_link(link);
    } else {
      opened = co_await open_tunnel(link);
    }
    if (opened) {
      asio::co_spawn(io, pump(link, true), asio::detached);
      co_await pump(link, false);
    }
    links.erase(link);
  }

  asio::awaitable<void> pump(std::shared_ptr<Link> link, bool from_client) {
    tcp::socket& from = from_client ? link->client : link->server;
    tcp::socket& to = from_client ? link->server : link->client;
    std::array<char, std::size_t{16} * 1024> buffer;
    for (;;) {
      const auto [error, size] = co_await from.async_read_some(asio::buffer(buffer), kAsTuple);
      while (network == Network::silent && from.is_open()) {
        co_await changed.async_wait(kAsTuple);
      }
      if (error == asio::error::eof) {
        boost::system::error_code ignored;
        to.shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
      }
      if (error) {
        link->cut();
        co_return;
      }
      if (from_client && link->request.feed({buffer.data(), size})) {
        link->request_passed = true;
      }
      if (!from_client && link->loses_response && link->request_passed) {
        ++lost;
        link->cut();
        co_return;
      }
      const auto [failed, written] = co_await asio::async_write(to, asio::buffer(buffer, size), kAsTuple);
      if (failed) {
        link->cut();
        co_return;
      }
    }
  }

  void set_network(Network to) {
    network = to;
    if (to == Network::cut) {
      for (const auto& link : links) {
        link->cut();
      }
    }
    changed.cancel();
  }

  const std::string credentials;
  asio::io_context io;
  tcp::acceptor acceptor;
  const std::uint16_t port;
  const tcp::endpoint server;
  asio::steady_timer changed;
  // These three only in the thread.
  Network network = Network::works;
  std::set<std::shared_ptr<Link>> links;
  std::vector<std::chrono::system_clock::time_point> connected;
  std::atomic<int> lost = 0;
  std::thread thread;
};

TcpProxy::TcpProxy(std::uint16_t server) : TcpProxy(server, {}) {}

TcpProxy::TcpProxy(std::uint16_t server, std::string credentials)
    : state_(std::make_unique<State>(server, std::move(credentials))) {}

TcpProxy::~TcpProxy() {
  state_->io.stop();
  state_->thread.join();
}

std::uint16_t TcpProxy::port() const {
  return state_->port;
}

void TcpProxy::set(Network network) {
  std::promise<void> done;
  asio::post(state_->io, [&] {
    state_->set_network(network);
    done.set_value();
  });
  done.get_future().wait();
}

std::vector<std::chrono::system_clock::time_point> TcpProxy::connected() const {
  std::promise<std::vector<std::chrono::system_clock::time_point>> times;
  asio::post(state_->io, [&] { times.set_value(state_->connected); });
  return times.get_future().get();
}

int TcpProxy::lost_responses() const {
  return state_->lost;
}

}  // namespace renewd::testing
