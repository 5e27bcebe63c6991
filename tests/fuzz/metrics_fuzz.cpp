// A request to the metrics' listener, through a socket, in two pieces: it gets one well-formed response, or none if the
// client sent nothing. The first byte of the input says where the second piece begins.
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "core/descriptor.hpp"
#include "input.hpp"
#include "monitoring/host_header.hpp"
#include "monitoring/listener.hpp"

namespace {

using namespace renewd;
using namespace renewd::monitoring;
using renewd::fuzz::expect;
namespace http = boost::beast::http;

constexpr std::string_view kBody = "renewd_up 1\n";

class Server {
 public:
  Server()
      : listener_(loop_.get_executor(), [this](std::string_view path) {
          ++handled_;
          expect(path.find('?') == std::string_view::npos);
          return path == "/metrics" ? Response{200, "text/plain", std::string(kBody)}
                                    : Response{404, "text/plain", "not found\n"};
        }) {
    expect(listener_.open(configuration::ListenAddress(socket_)).has_value());
  }

  // What the client receives until the listener ends the connection.
  std::string exchange(std::string_view first, std::string_view second) {
    handled_ = 0;
    const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.string().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    expect(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    send(client, first);
    loop_.poll();
    send(client, second);
    ::shutdown(client.get(), SHUT_WR);
    std::string received;
    for (std::array<char, 4096> piece{};;) {
      loop_.poll();
      const ssize_t count = ::recv(client.get(), piece.data(), piece.size(), 0);
      if (count > 0) {
        received.append(piece.data(), static_cast<std::size_t>(count));
      } else if (count == 0) {
        break;
      } else {
        // The client has sent all, so that the listener waits for nothing but the loop.
        expect(errno == EAGAIN);
        expect(loop_.run_one_for(std::chrono::seconds(5)) != 0);
      }
    }
    loop_.poll();
    return received;
  }

  int handled() const { return handled_; }

 private:
  static void send(const Descriptor& client, std::string_view bytes) {
    // Inputs are shorter than a socket's buffer. The listener may have refused the first piece already.
    expect(bytes.empty() || ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0 || errno == EPIPE ||
           errno == EAGAIN);
  }

  fuzz::Scratch scratch_;
  std::filesystem::path socket_ = scratch_.path() / "metrics.sock";
  boost::asio::io_context loop_{1};
  int handled_ = 0;
  Listener listener_;
};

void expect_one_response(std::string_view request, const std::string& received, int handled) {
  http::response_parser<http::string_body> parser;
  // The response to a request whose first line cannot be parsed has a body, whatever the line begins with.
  const bool has_body = !received.ends_with("\r\n\r\n");
  parser.skip(request.starts_with("HEAD ") && !has_body);
  boost::system::error_code error;
  std::size_t parsed = 0;
  parser.eager(true);
  while (parsed < received.size() && !parser.is_done() && !error) {
    parsed += parser.put(boost::asio::buffer(received.data() + parsed, received.size() - parsed), error);
  }
  expect(!error && parser.is_done() && parsed == received.size());
  const auto& response = parser.get();
  expect(response.version() == 11 && !response.keep_alive());
  expect(response["X-Content-Type-Options"] == "nosniff" && response.count("Content-Security-Policy") == 1);
  const unsigned status = response.result_int();
  expect(status == 200 || status == 404 || status == 400 || status == 405 || status == 421 || status == 431);
  expect(!request.starts_with("HEAD ") || !has_body || status == 400);
  // The handler is asked once, and only for a response of its own.
  expect(handled == (status == 200 || status == 404 ? 1 : 0));
  expect(status != 200 || parser.get().body() == kBody || request.starts_with("HEAD "));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  fuzz::Input input(fuzz::text_of(data, size));
  const std::size_t where = input.byte();
  const std::string_view request = input.rest();
  const std::size_t cut = request.size() * where / 256;
  const std::string received = server.exchange(request.substr(0, cut), request.substr(cut));
  if (request.empty()) {
    expect(received.empty() && server.handled() == 0);
    return 0;
  }
  expect_one_response(request, received, server.handled());
  const configuration::ListenAddress loopback = configuration::TcpAddress{.address = "127.0.0.1", .port = 9464};
  for (const std::string_view name : {"example.com", "localhost.example.com", "127.0.0.1.example.com"}) {
    expect(!accepts_host(loopback, name));
  }
  // A name that a foreign page may have is never accepted: it has a letter and is neither localhost nor an address.
  const std::string_view host = request.substr(0, request.find('\n'));
  if (accepts_host(loopback, host)) {
    expect(host.starts_with('[') || host.substr(0, host.find(':')).size() == 9 ||
           host.substr(0, host.find(':')).find_first_not_of("0123456789.") == std::string_view::npos);
  }
  return 0;
}
