// Clients of metrics.listen that mean no good: the daemon and its renewals are not disturbed.

#include <filesystem>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "integration/watching.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string answer_to(std::uint16_t port, const std::string& bytes) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  boost::system::error_code ignored;
  asio::write(socket, asio::buffer(bytes), ignored);
  std::string answer;
  asio::read(socket, asio::dynamic_buffer(answer), ignored);
  return answer;
}

}  // namespace

TEST_CASE("a client that sends nonsense gets an error response, and does no harm") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  CHECK(contains(answer_to(port, std::string("\x16\x03\x01\x02\x00\x01", 6) + "\r\n\r\n"), "400 Bad Request"));
  CHECK(contains(answer_to(port, "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), "431 "));
  CHECK(contains(answer_to(port, std::string(100000, 'x')), "HTTP/1.1 4"));
  // The first of several at once is answered, and no other.
  const std::string one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string answers = answer_to(port, one + one + one);
  CHECK(contains(answers, "200 OK"));
  CHECK(answers.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(get(port, "/healthz") == "well\n");
  stop(daemon);
}

TEST_CASE("a client that does not finish its request is disconnected") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  // Returns when the daemon closes the connection.
  CHECK(answer_to(port, "GET /metrics HTTP/1.1\r\nHost: ").empty());
  CHECK(get(port, "/healthz") == "well\n");
  stop(daemon);
}

TEST_CASE("clients that hold thousands of connections open neither block others nor disturb a renewal") {
  Host host;
  const auto port = free_port();
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/sh, -c, \"while ! test -e " +
                                  (host / "go").string() + "; do sleep 0.1; done\"], timeout: 60s}}"},
                  .keystore = {},
                  .http = {}});
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("keystore_installed"));

  asio::io_context io;
  std::vector<tcp::socket> hostile;
  for (int i = 0; i < 2000; ++i) {
    tcp::socket& socket = hostile.emplace_back(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    boost::system::error_code ignored;
    // Some say nothing, some begin, and some ask for much and read nothing.
    const std::string said = i % 3 == 0 ? "" : i % 3 == 1 ? "GET /met" : "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    asio::write(socket, asio::buffer(said), ignored);
    if (i % 500 == 0) {
      CHECK(contains(get(port, "/metrics"), "gravitee_renewd_build_info"));
    }
  }
  CHECK(value_of(get(port, "/metrics"), "activation_pending{certificate=\"production\"}") != "(absent)");
  const auto descriptors = std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.pid()) + "/fd");
  CHECK(std::distance(begin(descriptors), end(descriptors)) < 100);
  write_file(host / "go", "");
  daemon.wait_for_errors(says("renewal_completed"));
  stop(daemon);
}
