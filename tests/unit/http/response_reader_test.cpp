#include "http/response_reader.hpp"

#include "support/catch.hpp"

using namespace renewd;
using http::ConnectionEnd;
using http::Progress;
using http::ResponseReader;

TEST_CASE("a response may arrive in pieces of any size") {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ResponseReader reader;
    Progress progress = Progress::more_needed;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      REQUIRE(progress == Progress::more_needed);
      const auto fed = reader.feed(std::string_view(text).substr(at, piece));
      REQUIRE(fed);
      progress = *fed;
    }
    REQUIRE(progress == Progress::complete);
    const auto response = reader.take();
    CHECK(response.status == 200);
    CHECK(response.body == "abcde");
    CHECK(response.header("x") == "y");
  }
}

TEST_CASE("what follows a complete response is ignored") {
  ResponseReader reader;
  const auto fed = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 500 No\r\n\r\n");
  REQUIRE(fed);
  CHECK(*fed == Progress::complete);
  CHECK(reader.take().body == "OK");
}

TEST_CASE("refuses malformed responses") {
  for (const char* text : {"HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    INFO(text);
    ResponseReader reader;
    const auto fed = reader.feed(text);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().kind == ErrorKind::bad_answer);
  }
}

TEST_CASE("an announced body that is too large is refused before it is read") {
  ResponseReader reader;
  const auto fed = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  REQUIRE_FALSE(fed);
  CHECK(fed.error().reason == RejectionReason::too_large);
}

TEST_CASE("a line without end does not fill the memory") {
  for (const char* start :
       {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"}) {
    INFO(start);
    ResponseReader reader;
    REQUIRE(reader.feed(start));
    const std::string filler(4096, 'x');
    bool refused = false;
    for (int i = 0; i < 32 && !refused; ++i) {
      refused = !reader.feed(filler);
    }
    CHECK(refused);
  }
}

TEST_CASE("tells no answer from half an answer") {
  ResponseReader nothing;
  CHECK(nothing.end(ConnectionEnd::clean).error().kind == ErrorKind::connect);
  ResponseReader interim;
  REQUIRE(interim.feed("HTTP/1.1 100 Continue\r\n\r\n"));
  CHECK(interim.end(ConnectionEnd::clean).error().kind == ErrorKind::connect);
  ResponseReader half;
  REQUIRE(half.feed("HT"));
  CHECK(half.end(ConnectionEnd::clean).error().kind == ErrorKind::bad_answer);
  ResponseReader until_the_end;
  REQUIRE(until_the_end.feed("HTTP/1.1 200 OK\r\n\r\nall"));
  CHECK(until_the_end.end(ConnectionEnd::clean));
  CHECK(until_the_end.take().body == "all");
}
