#include "http/deadline.hpp"

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace asio = boost::asio;

namespace {

// The step in which a server stops responding.
struct Stall {
  std::string step;
  bool no_handshake;
  std::string response;
};

std::vector<Stall> stalls() {
  return {{"TLS handshake with localhost:", true, ""},
          {"waiting for the response", false, ""},
          {"waiting for the response", false, "HTTP/1.1 200 OK\r\nContent-Le"},
          {"waiting for the response", false, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}};
}

Script silent(const Fixture& fixture, const Stall& stall) {
  Script script = fixture.script(stall.response);
  script.no_handshake = stall.no_handshake;
  script.ending = Ending::silence;
  return script;
}

asio::awaitable<Result<int>> forty_two_at_once() {
  co_return 42;
}

asio::awaitable<Result<int>> throws() {
  throw std::runtime_error("a bug");
  co_return 0;
}

}  // namespace

TEST_CASE("a silent server ends at the timeout of the step") {
  for (const Stall& stall : stalls()) {
    Fixture fixture;
    TestServer server(fixture.io, silent(fixture, stall));
    auto& bound = stall.no_handshake ? fixture.settings.connect_timeout : fixture.settings.request_timeout;
    bound = std::chrono::seconds{5};
    const auto response = fixture.post(server.url());
    CHECK_THAT(outcome(response), ContainsSubstring("timeout: POST " + server.url() + ": " + stall.step));
    CHECK_THAT(outcome(response), ContainsSubstring("5 s"));
    CHECK_THAT(outcome(response),
               ContainsSubstring(stall.no_handshake ? "http.connect_timeout" : "http.request_timeout"));
  }
}

TEST_CASE("the limit of the exchange applies to each step") {
  Fixture fixture;
  TestServer server(fixture.io, silent(fixture, stalls().front()));
  fixture.settings.connect_timeout = std::chrono::hours{1};
  fixture.settings.request_timeout = std::chrono::seconds{1};
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("1 s (http.request_timeout)"));
}

TEST_CASE("a server that trickles bytes does not outlive the exchange's deadline") {
  Fixture fixture;
  Script script = fixture.script("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  script.ending = Ending::and_again;
  script.repeat = "1;" + std::string(1000, 'x') + "\r\nx\r\n";  // a chunk of one byte: 1 MiB would take long
  TestServer server(fixture.io, script);
  fixture.settings.request_timeout = std::chrono::seconds{1};
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("timeout: "));
}

TEST_CASE("a cancellation ends the exchange at once, in any step") {
  for (const Stall& stall : stalls()) {
    Fixture fixture;
    fixture.settings.connect_timeout = fixture.settings.request_timeout = std::chrono::hours{1};
    asio::cancellation_signal signal;
    const auto cancel = [&] { asio::post(fixture.io, [&] { signal.emit(asio::cancellation_type::terminal); }); };
    Script script = silent(fixture, stall);
    (stall.no_handshake ? script.on_connection : script.on_request) = cancel;
    TestServer server(fixture.io, script);
    const auto response = fixture.post(server.url(), "secret-token", signal.slot());
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::cancelled);
  }
}

TEST_CASE("an io_context may be destroyed during an exchange") {
  Fixture fixture;
  bool reached = false;
  auto io = std::make_unique<asio::io_context>();
  Script script = silent(fixture, stalls().back());
  script.on_request = [&] { reached = true; };
  auto server = std::make_unique<TestServer>(*io, script);
  http::HttpsClient client(io->get_executor(), fixture.settings);
  asio::co_spawn(*io, client.send({"POST", server->url(), {}, Secret("secret-token"), ""}),
                 [](const std::exception_ptr&, const Result<http::HttpResponse>&) { FAIL("it ended"); });
  const auto end = std::chrono::steady_clock::now() + kStuck;
  while (!reached && io->run_one_until(end) != 0) {
  }
  CHECK(reached);
  server.reset();
  io.reset();
}

TEST_CASE("an available result takes precedence over a deadline") {
  asio::io_context io;
  const http::TimeLimit past{std::chrono::steady_clock::now() - std::chrono::seconds{1}, std::chrono::seconds{1}, ""};
  const auto result = run_in(io, http::within(past, "counting", forty_two_at_once()));
  REQUIRE(outcome(result) == "ok");
  CHECK(*result == 42);
}

TEST_CASE("an exception of a step is an error at once") {
  asio::io_context io;
  const auto limit = http::time_limit(std::chrono::hours{1}, "");
  CHECK(outcome(run_in(io, http::within(limit, "counting", throws()))) == "bad_answer: counting: a bug");
}
