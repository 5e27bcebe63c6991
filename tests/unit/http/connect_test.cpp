#include "http/connect.hpp"

#include <sys/socket.h>

#include <future>

#include <boost/asio/co_spawn.hpp>

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::seconds;

namespace {

// The address of the server that was connected to.
asio::awaitable<Result<tcp::endpoint>> connected_to(http::Endpoints endpoints, std::chrono::milliseconds each,
                                                    std::chrono::milliseconds whole) {
  const auto limit = http::time_limit(whole, "http.request_timeout");
  auto socket = co_await http::connect(std::move(endpoints), each, limit);
  if (!socket) {
    co_return tl::unexpected(socket.error());
  }
  co_return socket->remote_endpoint();
}

tcp::endpoint closed_port(asio::io_context& io) {
  return tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint();
}

// Listens, but takes no connection: the queue of those that wait to be accepted is full.
class DeafServer {
 public:
  explicit DeafServer(asio::io_context& io) : acceptor_(io), first_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    first_.connect(endpoint());
  }
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  tcp::socket first_;
};

// A lookup that lasts until the test lets it end.
struct SlowLookup {
  http::Lookup lookup() {
    return [gate = gate.get_future().share(), ended = ended](const std::string&, std::uint16_t port) {
      gate.wait();
      const std::shared_ptr<int> until_the_end = ended;
      return Result<http::Endpoints>(http::Endpoints{{asio::ip::address_v4::loopback(), port}});
    };
  }

  std::promise<void> gate;
  std::shared_ptr<int> ended = std::make_shared<int>(0);
};

Result<http::Endpoints> found(const std::string&, std::uint16_t port) {
  return http::Endpoints{{asio::ip::address_v4::loopback(), port}};
}

}  // namespace

TEST_CASE("connects to the next address when one is dead") {
  asio::io_context io;
  tcp::acceptor good(io, {asio::ip::address_v4::loopback(), 0});
  http::Endpoints endpoints{closed_port(io)};
  SECTION("refused") {}
  SECTION("silent") {
    DeafServer deaf(io);
    endpoints.push_back(deaf.endpoint());
    endpoints.push_back(good.local_endpoint());
    const auto result = run_in(io, connected_to(endpoints, seconds{1}, seconds{15}));
    REQUIRE(outcome(result) == "ok");
    CHECK(*result == good.local_endpoint());
  }
  SECTION("of the other family") {
    if (!have_ipv6(io)) {
      WARN("skipped: this host has no IPv6");
      return;
    }
    const tcp::acceptor gone(io, {asio::ip::address_v6::loopback(), 0});
    endpoints = {{asio::ip::address_v6::loopback(), closed_port(io).port()}};
  }
  endpoints.push_back(good.local_endpoint());
  const auto result = run_in(io, connected_to(endpoints, seconds{1}, seconds{15}));
  REQUIRE(outcome(result) == "ok");
  CHECK(*result == good.local_endpoint());
}

TEST_CASE("tells how many addresses it tried, and what the last one did") {
  asio::io_context io;
  const auto first = closed_port(io);
  const auto second = closed_port(io);
  CHECK(outcome(run_in(io, connected_to({first, second}, seconds{1}, seconds{15}))) ==
        "connect: 2 addresses tried, the last: 127.0.0.1:" + std::to_string(second.port()) + ": Connection refused");
}

TEST_CASE("an address that does not answer is a timeout, and tries end with the whole") {
  asio::io_context io;
  DeafServer deaf(io);
  const std::string address = "127.0.0.1:" + std::to_string(deaf.endpoint().port());
  CHECK(outcome(run_in(io, connected_to({deaf.endpoint()}, seconds{1}, seconds{15}))) ==
        "timeout: " + address + ": not done within 1 s (http.connect_timeout)");
  const http::Endpoints many(5, deaf.endpoint());
  CHECK(outcome(run_in(io, connected_to(many, seconds{10}, seconds{1}))) ==
        "timeout: " + address + ": not done within 1 s (http.request_timeout)");
}

TEST_CASE("an address needs no lookup") {
  asio::io_context io;
  const http::Lookup never = [](const std::string&, std::uint16_t) -> Result<http::Endpoints> {
    return failure(ErrorKind::dns, "was asked");
  };
  const auto v4 = run_in(io, http::resolve("127.0.0.1", 1, never));
  REQUIRE(outcome(v4) == "ok");
  CHECK(v4->at(0) == tcp::endpoint(asio::ip::address_v4::loopback(), 1));
  const auto v6 = run_in(io, http::resolve("::1", 2, never));
  REQUIRE(outcome(v6) == "ok");
  CHECK(v6->at(0) == tcp::endpoint(asio::ip::address_v6::loopback(), 2));
}

TEST_CASE("finds the addresses of a name") {
  asio::io_context io;
  const auto injected = run_in(io, http::resolve("cloud.example", 443, found));
  REQUIRE(outcome(injected) == "ok");
  CHECK(injected->at(0).port() == 443);
  const auto localhost = run_in(io, http::resolve("localhost", 8443));
  REQUIRE(outcome(localhost) == "ok");
  for (const auto& endpoint : *localhost) {
    CHECK(endpoint.address().is_loopback());
    CHECK(endpoint.port() == 8443);
  }
}

TEST_CASE("a lookup without end costs no more than the timeout, and what it finds later harms nobody") {
  SlowLookup slow;
  {
    asio::io_context io;
    const auto limit = http::time_limit(std::chrono::milliseconds{100}, "http.connect_timeout");
    const auto result =
        run_in(io, http::within(limit, "looking up cloud.example", http::resolve("cloud.example", 1, slow.lookup())));
    CHECK(outcome(result) == "timeout: looking up cloud.example: not done within 0.1 s (http.connect_timeout)");
    SECTION("while the io_context lives") {
      slow.gate.set_value();
      while (slow.ended.use_count() > 1) {
        io.poll();
        std::this_thread::yield();
      }
      return;
    }
    SECTION("when it is gone") {}
  }
  slow.gate.set_value();
  while (slow.ended.use_count() > 1) {
    std::this_thread::yield();
  }
}

TEST_CASE("an io_context may be destroyed in the middle of a lookup") {
  SlowLookup slow;
  {
    asio::io_context io;
    asio::co_spawn(io, http::resolve("cloud.example", 1, slow.lookup()),
                   [](const std::exception_ptr&, const Result<http::Endpoints>&) { FAIL("it ended"); });
    io.poll();
  }
  slow.gate.set_value();
  while (slow.ended.use_count() > 1) {
    std::this_thread::yield();
  }
}

TEST_CASE("a cancellation ends a lookup at once") {
  SlowLookup slow;
  asio::io_context io;
  asio::cancellation_signal signal;
  // Once the coroutine has started, which the loop does between the two.
  asio::post(io, [&] { asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); }); });
  const auto limit = http::time_limit(std::chrono::hours{1}, "");
  auto work = http::within(limit, "looking up", http::resolve("cloud.example", 1, slow.lookup()));
  const auto result = run_in(io, std::move(work), signal.slot());
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::cancelled);
  slow.gate.set_value();
  while (slow.ended.use_count() > 1) {
    std::this_thread::yield();
  }
}
