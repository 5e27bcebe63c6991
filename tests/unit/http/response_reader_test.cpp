#include "http/response_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using http::ConnectionEnd;
using http::HttpResponse;
using http::Progress;
using http::ResponseReader;

namespace {

// Feeds `text` in pieces of this size, then the end of the connection.
Result<HttpResponse> read(std::string_view text, std::size_t piece, ConnectionEnd how = ConnectionEnd::clean) {
  ResponseReader reader;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    const auto fed = reader.feed(text.substr(0, piece));
    if (!fed) {
      return tl::unexpected(fed.error());
    }
    if (*fed == Progress::complete) {
      return reader.take();
    }
  }
  return reader.end(how).map([&] { return reader.take(); });
}

// The result must be the same for the whole text, single bytes and pairs.
Result<HttpResponse> read(std::string_view text, ConnectionEnd how = ConnectionEnd::clean) {
  auto whole = read(text, std::max<std::size_t>(text.size(), 1), how);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}}) {
    const auto again = read(text, piece, how);
    REQUIRE(again.has_value() == whole.has_value());
    if (whole) {
      CHECK(again->status == whole->status);
      CHECK(again->headers == whole->headers);
      CHECK(again->body == whole->body);
      CHECK(again->undecoded == whole->undecoded);
    } else {
      CHECK(again.error().kind == whole.error().kind);
      CHECK(again.error().message == whole.error().message);
    }
  }
  return whole;
}

std::string with_length(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Encodes `plain` by a shell command that reads standard input.
std::string coded(const std::string& plain, const std::string& command) {
  const testing::TemporaryDirectory directory;
  testing::write_file(directory / "plain", plain);
  testing::run_or_throw({"sh", "-c", "{ " + command + "; } <\"$0/plain\" >\"$0/coded\"", directory / ""});
  return testing::read_file(directory / "coded");
}

const std::string kGzip = "gzip -c";
const std::string kZlib =
    "python3 -c 'import sys,zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))'";
const std::string kRaw =
    "python3 -c 'import sys,zlib; c=zlib.compressobj(9,8,-15); "
    "sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read())+c.flush())'";

}  // namespace

TEST_CASE("a response may arrive in pieces of any size") {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ResponseReader reader;
    Progress progress = Progress::more_needed;
    for (std::size_t at = 0; at < text.size() && progress == Progress::more_needed; at += piece) {
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

TEST_CASE("bytes after a complete response are ignored") {
  ResponseReader reader;
  const auto fed = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 500 No\r\n\r\n");
  REQUIRE(fed);
  CHECK(*fed == Progress::complete);
  CHECK(reader.take().body == "OK");
}

TEST_CASE("refuses malformed responses") {
  for (const char* text :
       {"HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/ 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n\r\n\r\n",
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

TEST_CASE("an endless line does not fill the memory") {
  for (const char* start :
       {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"}) {
    INFO(start);
    ResponseReader reader;
    REQUIRE(reader.feed(start));
    const std::string filler(4096, 'x');
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i) {
      refused = !reader.feed(filler);
    }
    CHECK(refused);
  }
}

TEST_CASE("distinguishes an empty connection from a truncated response") {
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

TEST_CASE("accepts a good response despite its form") {
  const std::string text = GENERATE(
      as<std::string>{}, "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody",
      "HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1  200\tOK\r\nContent-Length: 4\r\n\r\nbody",
      "http/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HTTP/2 200\r\nContent-Length: 4\r\n\r\nbody",
      "\r\n\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\nbody", "HTTP/1.1 200 OK\nContent-Length: 4\n\r\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nbodymore", "HTTP/1.1 200 OK\r\ncontent-LENGTH:4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\n: x\r\nno field\r\n folded\r\nContent-Length: 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\n folded\r\nContent-Length: 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4  \r\nbody\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 04 ;a=\"b\"\r\nbody\r\n000\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nbo\n2\ndy\n0\n\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nbodymore",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nbody", "HTTP/1.0 200 OK\n\nbody",
      "HTTP/1.1 100 Continue\n\nHTTP/1.1 103\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  INFO(text);
  const auto response = read(text);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "body");
  CHECK(response->undecoded.empty());
}

TEST_CASE("accepts a large header in linear time") {
  const std::string field = "X-Filler: " + std::string(989, 'x') + "\r\n";
  std::string fields;
  for (int i = 0; i < 250; ++i) {
    fields += field;
  }
  const auto response = read(with_length(fields, "body"));
  REQUIRE(response);
  CHECK(response->body == "body");
}

TEST_CASE("a folded line continues its field, and white space around values is removed") {
  const auto response = read("HTTP/1.1 503  Not now \r\nA : 1\r\n\t2 \r\nB:\r\nA: 3\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(response->reason == "Not now");
  CHECK(response->header("a") == "1 2, 3");
  CHECK(response->header("b").empty());
}

TEST_CASE("a body without a length may end in any way, unless it is empty") {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  CHECK(read(head + "body", ConnectionEnd::abrupt)->body == "body");
  CHECK(read(head, ConnectionEnd::clean)->body.empty());
  CHECK_FALSE(read(head, ConnectionEnd::abrupt));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", ConnectionEnd::clean));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", ConnectionEnd::clean));
  CHECK(read("HTTP/1.1 204 No Content\r\n\r\n", ConnectionEnd::abrupt)->body.empty());
}

TEST_CASE("decodes content codings that were not requested") {
  const std::string plain = "MIIKfQIBAzCCCkMGCSqGSIb3DQEHAaCCCjQ=\r\n";
  struct Case {
    std::string fields, body;
  };
  const auto [fields, body] = GENERATE_COPY(
      values<Case>({{"Content-Encoding: gzip\r\n", coded(plain, kGzip)},
                    {"Content-Encoding: GZip\r\n", coded(plain, kGzip)},
                    {"Content-Encoding: x-gzip\r\n", coded(plain, kGzip)},
                    {"Content-Encoding: deflate\r\n", coded(plain, kZlib)},
                    {"Content-Encoding: deflate\r\n", coded(plain, kRaw)},
                    {"Content-Encoding: gzip\r\n", coded(plain, kZlib)},
                    {"Content-Encoding: identity, gzip\r\n", coded(plain, kGzip)},
                    {"Content-Encoding: deflate, gzip\r\n", coded(coded(plain, kZlib), kGzip)},
                    {"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", coded(coded(plain, kGzip), kGzip)},
                    {"Transfer-Encoding: gzip\r\nContent-Encoding: deflate\r\n", coded(coded(plain, kRaw), kGzip)},
                    // Several members, and padding at the end.
                    {"Content-Encoding: gzip\r\n", coded(plain.substr(0, 9), kGzip) + coded(plain.substr(9), kGzip)},
                    {"Content-Encoding: gzip\r\n", coded(plain, kGzip) + std::string(5, '\0')},
                    // Not compressed despite the header.
                    {"Content-Encoding: gzip\r\n", plain},
                    {"Content-Encoding: identity\r\n", plain}}));
  INFO(fields);
  const auto response = read(with_length(fields, body));
  REQUIRE(response);
  CHECK(response->body == plain);
  CHECK(response->undecoded.empty());
}

TEST_CASE("decodes a chunked body, and one that ends with the connection") {
  const std::string plain(3000, 'x');
  const std::string body = coded(plain, kGzip);
  const auto size = fmt::format("{:x}", body.size());
  const auto chunked =
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + size + "\r\n" + body + "\r\n0\r\n\r\n");
  REQUIRE(chunked);
  CHECK(chunked->body == plain);
  const auto until_end = read("HTTP/1.1 500 Oh\r\nContent-Encoding: gzip\r\n\r\n" + body, ConnectionEnd::abrupt);
  REQUIRE(until_end);
  CHECK(until_end->body == plain);
}

TEST_CASE("a body that cannot be decoded stays unchanged, with the reason") {
  const std::string gzip = coded("MIIKfQIBAzCCCkMGCSqGSIb3DQEHAaCCCjQ=", kGzip);
  std::string corrupt = gzip;
  corrupt[corrupt.size() - 6] ^= 1;  // in the checksum
  struct Case {
    std::string coding, body, reason;
  };
  const auto [coding, body, reason] = GENERATE_COPY(
      values<Case>({{"br", "whatever", "coding br is not supported"},
                    {"gzip, zstd", "whatever", "coding zstd is not supported"},
                    {"br, gzip", gzip, "coding br is not supported"},
                    {"gzip", gzip.substr(0, gzip.size() / 2), "coding gzip is damaged: it ends too early"},
                    {"gzip", corrupt, "coding gzip is damaged: incorrect data check"},
                    {"deflate", "whatever", "coding deflate is damaged: "},
                    {"gzip,gzip,gzip,gzip,gzip,gzip", gzip, "6 content codings"}}));
  INFO(coding);
  const auto response = read(with_length("Content-Encoding: " + coding + "\r\n", body));
  REQUIRE(response);
  CHECK(response->body == body);
  CHECK_THAT(response->undecoded, ContainsSubstring(reason));
}

TEST_CASE("a small body that is too large once decoded is refused") {
  const std::string command = "head -c 300000000 /dev/zero | gzip -c; cat";
  const std::string bomb = coded("", command);
  REQUIRE(bomb.size() < http::kBodyLimit);
  const auto once = read(with_length("Content-Encoding: gzip\r\n", bomb), 4096);
  REQUIRE_FALSE(once);
  CHECK(once.error().reason == RejectionReason::too_large);
  const auto twice = read(with_length("Content-Encoding: gzip, gzip\r\n", coded(bomb, kGzip)), 4096);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().reason == RejectionReason::too_large);
}

TEST_CASE("recognizes TLS instead of HTTP, and does not quote what it received") {
  const auto alert = read(std::string("\x15\x03\x03\x00\x02\x02\x46", 7));
  REQUIRE_FALSE(alert);
  CHECK_THAT(alert.error().message, ContainsSubstring("TLS"));
  const auto key = read("-----BEGIN PRIVATE KEY-----\nMIG\n");
  REQUIRE_FALSE(key);
  CHECK(key.error().message == "the response is not HTTP");
}
