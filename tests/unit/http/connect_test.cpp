#include "http/connect.hpp"

#include <sys/socket.h>

#include <filesystem>
#include <future>

#include <boost/asio/co_spawn.hpp>

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::seconds;

namespace {

// Returns the address of the server.
asio::awaitable<Result<tcp::endpoint>> connected_to(http::Endpoints endpoints, std::chrono::milliseconds limit,
                                                    std::string_view setting = "http.connect_timeout") {
  auto socket = co_await http::connect(std::move(endpoints), http::time_limit(limit, setting));
  if (!socket) {
    co_return tl::unexpected(socket.error());
  }
  co_return socket->remote_endpoint();
}

// Reached only by waiting for a dead address.
constexpr std::chrono::minutes kVeryLong{10};

tcp::endpoint closed_port(asio::io_context& io) {
  return tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint();
}

// Listens on every address of 127.0.0.0/8 but accepts no connection, because its backlog is full.
class DeafServer {
 public:
  explicit DeafServer(asio::io_context& io) : acceptor_(io), first_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({tcp::v4(), 0});
    acceptor_.listen(0);
    first_.connect({asio::ip::address_v4::loopback(), port()});
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  http::Endpoints endpoints(std::size_t count) const {
    http::Endpoints all;
    for (std::uint32_t i = 0; i < count; ++i) {
      all.emplace_back(asio::ip::address_v4(0x7F000002 + i), port());
    }
    return all;
  }

 private:
  tcp::acceptor acceptor_;
  tcp::socket first_;
};

std::size_t open_descriptors() {
  namespace fs = std::filesystem;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

// A lookup that blocks until the test opens the gate.
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

TEST_CASE("a dead address before a live one does not use up the connect timeout") {
  asio::io_context io;
  tcp::acceptor good(io, {asio::ip::address_v4::loopback(), 0});
  const DeafServer deaf(io);
  http::Endpoints endpoints;
  SECTION("refused") {
    endpoints = {closed_port(io)};
  }
  SECTION("silent") {
    endpoints = deaf.endpoints(1);
  }
  SECTION("not of this network, or without a route") {
    endpoints = {{asio::ip::make_address("2001:db8::1"), 443}, {asio::ip::make_address("255.255.255.255"), 443}};
  }
  SECTION("refused after silent ones") {
    endpoints = deaf.endpoints(3);
    endpoints.push_back(closed_port(io));
  }
  SECTION("more silent ones than are tried at once") {
    endpoints = deaf.endpoints(http::kMaxConcurrentAttempts + 1);
  }
  SECTION("of the other family") {
    if (!have_ipv6(io)) {
      WARN("skipped: this host has no IPv6");
      return;
    }
    const tcp::acceptor gone(io, {asio::ip::address_v6::loopback(), 0});
    endpoints = {{asio::ip::address_v6::loopback(), gone.local_endpoint().port()}};
  }
  endpoints.push_back(good.local_endpoint());
  const auto before = open_descriptors();
  const auto result = run_in(io, connected_to(endpoints, kVeryLong));
  REQUIRE(outcome(result) == "ok");
  CHECK(*result == good.local_endpoint());
  INFO("the attempts that did not win are closed");
  CHECK(open_descriptors() <= before + 2);  // plus those that the event loop opens at its first wait
}

TEST_CASE("address families alternate, beginning with that of the system's first address") {
  const auto address = [](const char* text) { return tcp::endpoint(asio::ip::make_address(text), 443); };
  const auto six = {address("2001:db8::1"), address("2001:db8::2"), address("2001:db8::3")};
  const auto four = {address("192.0.2.1"), address("192.0.2.2")};
  http::Endpoints six_first(six);
  six_first.insert(six_first.end(), four);
  CHECK(http::in_order_of_attempts(six_first) == http::Endpoints{address("2001:db8::1"), address("192.0.2.1"),
                                                                 address("2001:db8::2"), address("192.0.2.2"),
                                                                 address("2001:db8::3")});
  http::Endpoints four_first(four);
  four_first.insert(four_first.end(), six);
  four_first.insert(four_first.end(), four);
  CHECK(http::in_order_of_attempts(four_first) == http::Endpoints{address("192.0.2.1"), address("2001:db8::1"),
                                                                  address("192.0.2.2"), address("2001:db8::2"),
                                                                  address("2001:db8::3")});
  CHECK(http::in_order_of_attempts({}).empty());
}

TEST_CASE("each address is tried before the limit ends") {
  CHECK(http::attempt_delay(2, seconds{10}) == http::kAttemptDelay);
  for (const std::size_t addresses : {5U, 30U, 80U}) {
    const auto span = seconds{1};
    CHECK(http::attempt_delay(addresses, span) * addresses < span);
  }
  CHECK(http::attempt_delay(5000, seconds{1}) == http::kMinAttemptDelay);
}

TEST_CASE("reports each address that was tried, and the result") {
  asio::io_context io;
  const auto first = closed_port(io);
  const auto second = closed_port(io);
  const auto text = [](const tcp::endpoint& endpoint) { return "127.0.0.1:" + std::to_string(endpoint.port()); };
  CHECK(outcome(run_in(io, connected_to({first}, kVeryLong))) == "connect: " + text(first) + ": Connection refused");
  CHECK(outcome(run_in(io, connected_to({first, second}, kVeryLong))) == "connect: 2 addresses tried: " + text(first) +
                                                                             ": Connection refused; " + text(second) +
                                                                             ": Connection refused");
  http::Endpoints hundreds;
  for (std::uint32_t i = 0; i < 300; ++i) {
    hundreds.emplace_back(asio::ip::address_v4(0x7F000001 + i), first.port());
  }
  const auto many = run_in(io, connected_to(hundreds, kVeryLong));
  CHECK_THAT(outcome(many), StartsWith("connect: 300 addresses tried: ") && EndsWith("; and 294 more"));
}

TEST_CASE("an address that does not respond is a timeout, even if another one refuses") {
  asio::io_context io;
  const DeafServer deaf(io);
  const std::string silent = "127.0.0.2:" + std::to_string(deaf.port()) + ": no response";
  CHECK(outcome(run_in(io, connected_to(deaf.endpoints(1), seconds{1}))) ==
        "timeout: " + silent + ": timed out after 1 s (http.connect_timeout)");
  const auto refused = closed_port(io);
  auto both = deaf.endpoints(1);
  both.push_back(refused);
  CHECK(outcome(run_in(io, connected_to(both, seconds{1}, "http.request_timeout"))) ==
        "timeout: 2 addresses tried: " + silent + "; 127.0.0.1:" + std::to_string(refused.port()) +
            ": Connection refused: timed out after 1 s (http.request_timeout)");
}

TEST_CASE("the number of concurrent attempts is limited") {
  asio::io_context io;
  const DeafServer deaf(io);
  const auto before = open_descriptors();
  std::size_t most = before;
  bool done = false;
  asio::co_spawn(io, connected_to(deaf.endpoints(100), seconds{1}), [&](const std::exception_ptr&, const auto& result) {
    CHECK(outcome(result).starts_with("timeout: "));
    done = true;
  });
  while (!done && io.run_one() != 0) {
    most = std::max(most, open_descriptors());
  }
  CHECK(most > before);
  CHECK(most <= before + http::kMaxConcurrentAttempts + 2);  // plus those of the event loop
  CHECK(open_descriptors() <= before + 2);
}

TEST_CASE("a cancellation ends every attempt at once") {
  asio::io_context io;
  const DeafServer deaf(io);
  const auto before = open_descriptors();
  asio::cancellation_signal signal;
  asio::post(io, [&] { asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); }); });
  CHECK(outcome(run_in(io, connected_to(deaf.endpoints(3), kVeryLong), signal.slot())) == "cancelled: cancelled");
  CHECK(open_descriptors() <= before + 2);
}

TEST_CASE("an io_context may be destroyed during the attempts") {
  const auto before = open_descriptors();
  {
    asio::io_context io;
    const DeafServer deaf(io);
    asio::co_spawn(io, connected_to(deaf.endpoints(3), kVeryLong),
                   [](const std::exception_ptr&, const Result<tcp::endpoint>&) { FAIL("it ended"); });
    io.poll();
  }
  CHECK(open_descriptors() == before);
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

TEST_CASE("an endless lookup ends at the timeout, and its late result is ignored") {
  SlowLookup slow;
  {
    asio::io_context io;
    const auto limit = http::time_limit(std::chrono::milliseconds{100}, "http.connect_timeout");
    const auto result =
        run_in(io, http::within(limit, "looking up cloud.example", http::resolve("cloud.example", 1, slow.lookup())));
    CHECK(outcome(result) == "timeout: looking up cloud.example: timed out after 0.1 s (http.connect_timeout)");
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

TEST_CASE("an io_context may be destroyed during a lookup") {
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
  // The coroutine starts between the two.
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
