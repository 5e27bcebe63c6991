// Responses that are used as they arrive, and what is left of a request that was given up.
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

namespace asio = boost::asio;
using http::Flow;

struct StreamFixture : Fixture {
  struct Received {
    unsigned status = 0;
    std::string body;
    int pieces = 0;
  };

  // Until the body has `wanted` bytes.
  std::string stream(const TestServer& server, std::size_t wanted = 1000000, std::size_t limit = http::kBodyLimit,
                     asio::cancellation_slot slot = {}) {
    received = {};
    http::HttpRequest request{"POST", server.url(), {}, std::nullopt, "{}"};
    request.body_limit = limit;
    http::HttpsClient client(io.get_executor(), settings);
    return outcome(run_in(io,
                          client.stream(std::move(request),
                                        [this, wanted](const http::HttpResponse& head, std::string_view piece) {
                                          received.status = head.status;
                                          received.body += piece;
                                          ++received.pieces;
                                          return received.body.size() < wanted ? Flow::more : Flow::stop;
                                        }),
                          slot));
  }

  Script chunked(std::string chunks) const {
    return script("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::move(chunks));
  }

  Received received;
};

}  // namespace

TEST_CASE("passes the head and then each piece of the body") {
  StreamFixture fixture;
  SECTION("chunked") {
    TestServer server(fixture.io, fixture.chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    CHECK(fixture.stream(server) == "ok");
  }
  SECTION("with a length") {
    TestServer server(fixture.io, fixture.script("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"));
    CHECK(fixture.stream(server) == "ok");
  }
  SECTION("until the end") {
    TestServer server(fixture.io, fixture.script("HTTP/1.1 200 OK\r\n\r\nabcde"));
    CHECK(fixture.stream(server) == "ok");
  }
  CHECK(fixture.received.status == 200);
  CHECK(fixture.received.body == "abcde");
  CHECK(fixture.received.pieces >= 2);
}

TEST_CASE("the request's timeout ends with the head of a stream") {
  StreamFixture fixture;
  fixture.settings.request_timeout = std::chrono::seconds(1);
  Script script = fixture.chunked("");
  script.repeat = "1\r\n.\r\n";
  script.ending = Ending::and_again;
  TestServer server(fixture.io, script);
  const auto start = std::chrono::steady_clock::now();
  // Far more than the server can send in a second.
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  const auto result = run_in(
      fixture.io,
      client.stream({"GET", server.url(), {}, std::nullopt, ""}, [start](const http::HttpResponse&, std::string_view) {
        const auto taken = std::chrono::steady_clock::now() - start;
        return taken < std::chrono::milliseconds(1200) ? Flow::more : Flow::stop;
      }));
  CHECK(outcome(result) == "ok");
}

TEST_CASE("a stream whose head does not arrive times out") {
  StreamFixture fixture;
  fixture.settings.request_timeout = std::chrono::seconds(1);
  Script script = fixture.script("HTTP/1.1 200 OK\r\n");
  script.ending = Ending::silence;
  TestServer server(fixture.io, script);
  CHECK_THAT(fixture.stream(server), StartsWith("timeout: "));
  CHECK(fixture.received.pieces == 0);
}

TEST_CASE("a stream ends with an error when the connection ends inside a chunk") {
  StreamFixture fixture;
  Script script = fixture.chunked("5\r\nab");
  script.ending = GENERATE(Ending::hang_up, Ending::reset);
  TestServer server(fixture.io, script);
  CHECK_THAT(fixture.stream(server), StartsWith("bad_answer: ") || StartsWith("connect: "));
  CHECK(fixture.received.status == 200);
}

TEST_CASE("a stream that the sink stops, or that is cancelled, is reset at once") {
  StreamFixture fixture;
  Script script = fixture.chunked("3\r\nabc\r\n");
  script.ending = Ending::silence;
  asio::cancellation_signal signal;
  SECTION("stopped") {
    TestServer server(fixture.io, script);
    CHECK(fixture.stream(server, 3) == "ok");
    fixture.io.run_for(std::chrono::milliseconds(50));
  }
  SECTION("cancelled") {
    script.on_request = [&] { signal.emit(asio::cancellation_type::terminal); };
    TestServer server(fixture.io, script);
    CHECK_THAT(fixture.stream(server, 1000, http::kBodyLimit, signal.slot()), StartsWith("cancelled: "));
  }
}

TEST_CASE("a chunk over the limit ends a stream, any number of smaller ones does not") {
  StreamFixture fixture;
  TestServer server(fixture.io, fixture.chunked("5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n"));
  CHECK(fixture.stream(server, 1000, 10) == "ok");
  CHECK(fixture.received.body == "abcdefghij");
  CHECK_THAT(fixture.stream(server, 1000, 4), StartsWith("bad_answer: "));
}

TEST_CASE("a stream refuses an encoded body") {
  StreamFixture fixture;
  TestServer server(fixture.io, fixture.script("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabcde"));
  CHECK_THAT(fixture.stream(server), StartsWith("bad_answer: ") && ContainsSubstring("encoded"));
}

TEST_CASE("sends a raw authorization, and refuses one that is not a header's value") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  http::HttpRequest request{"GET", server.url(), {}, std::nullopt, ""};
  request.authorization = Secret("NZvJIkEtiwIhqhDD.33");
  CHECK(outcome(run_in(fixture.io, client.send(request))) == "ok");
  CHECK_THAT(server.requests().at(0), EndsWith("\r\nAuthorization: NZvJIkEtiwIhqhDD.33\r\n\r\n"));
  request.authorization = Secret("a\r\nb");
  CHECK_THAT(outcome(run_in(fixture.io, client.send(request))), StartsWith("unauthorized: "));
}

TEST_CASE("a response may have a limit of its own") {
  Fixture fixture;
  const std::size_t limit = 2 * http::kBodyLimit;
  TestServer server(fixture.io, fixture.script("HTTP/1.1 200 OK\r\n\r\n" + std::string(limit, 'x')));
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  http::HttpRequest request{"GET", server.url(), {}, std::nullopt, ""};
  request.body_limit = limit;
  CHECK(outcome(run_in(fixture.io, client.send(request))) == "ok");
  request.body_limit = limit - 1;
  CHECK_THAT(outcome(run_in(fixture.io, client.send(request))), ContainsSubstring("larger than 2047 KiB"));
}

TEST_CASE("asks before it sends, and sends nothing if that is refused") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  http::HttpRequest request{"GET", server.url(), {}, std::nullopt, ""};
  int asked = 0;
  request.before_sending = [&asked]() -> asio::awaitable<Result<void>> {
    ++asked;
    co_return Result<void>();
  };
  CHECK(outcome(run_in(fixture.io, client.send(request))) == "ok");
  CHECK(asked == 1);
  request.before_sending = []() -> asio::awaitable<Result<void>> {
    co_return failure(ErrorKind::fleet, "the claim is too old");
  };
  CHECK_THAT(outcome(run_in(fixture.io, client.send(request))), StartsWith("fleet: "));
  CHECK(server.requests().size() == 1);
  request.url = "https://localhost:1/";
  CHECK_THAT(outcome(run_in(fixture.io, client.send(request))), StartsWith("connect: "));
}

TEST_CASE("resets the connection of a request that times out or is cancelled") {
  Fixture fixture;
  Script script = fixture.script("");
  script.ending = Ending::silence;
  asio::cancellation_signal signal;
  SECTION("timeout") {
    fixture.settings.request_timeout = std::chrono::seconds(1);
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url())), StartsWith("timeout: "));
    fixture.io.restart();
    fixture.io.run_one_for(std::chrono::seconds(60));
    CHECK(server.was_reset());
  }
  SECTION("cancellation") {
    script.on_request = [&] { signal.emit(asio::cancellation_type::terminal); };
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url(), "token", signal.slot())), StartsWith("cancelled: "));
    fixture.io.restart();
    fixture.io.run_one_for(std::chrono::seconds(60));
    CHECK(server.was_reset());
  }
}

TEST_CASE("what the kernel has not delivered of a request that timed out is never delivered") {
  Fixture fixture;
  fixture.settings.request_timeout = std::chrono::seconds(1);
  asio::ip::tcp::acceptor acceptor(fixture.io);
  acceptor.open(asio::ip::tcp::v4());
  acceptor.set_option(asio::socket_base::receive_buffer_size(4096));
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen();
  const std::string body(std::size_t{256} * 1024, 'x');  // more than the server's buffer holds, less than ours
  http::HttpRequest request{
      "POST", "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()), {}, std::nullopt, body};
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  CHECK_THAT(outcome(run_in(fixture.io, client.send(std::move(request)))), StartsWith("timeout: "));
  // The server was stopped until now.
  asio::ip::tcp::socket socket = acceptor.accept();
  std::string received(2 * body.size(), '\0');
  boost::system::error_code error;
  const std::size_t size = asio::read(socket, asio::buffer(received), error);
  CHECK(error == asio::error::connection_reset);
  CHECK(size < body.size());
}
