#include "http/https_client.hpp"

#include "core/version.hpp"
#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

std::string answer_of(std::size_t size) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
}

std::string chunked_of(std::size_t size) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t sent = 0; sent < size; sent += 4096) {
    const std::size_t n = std::min<std::size_t>(4096, size - sent);
    char length[16];
    std::snprintf(length, sizeof(length), "%zx\r\n", n);
    text += length + std::string(n, 'x') + "\r\n";
  }
  return text + "0\r\n\r\n";
}

}  // namespace

TEST_CASE("sends a POST of exactly the documented headers") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const auto response = fixture.post(server.url("/management/accounts/a/certificate/renewcert?x=%20"));
  REQUIRE(outcome(response) == "ok");
  CHECK(response->status == 200);
  CHECK(response->body == "OK");
  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests().front() ==
        "POST /management/accounts/a/certificate/renewcert?x=%20 HTTP/1.1\r\n"
        "Host: localhost:" +
            std::to_string(server.port()) +
            "\r\n"
            "User-Agent: gravitee-renewd/" +
            std::string(version()) +
            "\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: identity\r\n"
            "Connection: close\r\n"
            "Content-Length: 0\r\n"
            "Authorization: Bearer secret-token\r\n"
            "\r\n");
  CHECK(server.server_name() == "localhost");
}

TEST_CASE("sends the given body and headers") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  http::HttpRequest request{"POST", server.url(), {{"Content-Type", "application/json"}}, std::nullopt, "{\"a\":1}"};
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  const auto response = run_in(fixture.io, client.send(std::move(request)));
  REQUIRE(outcome(response) == "ok");
  const std::string& sent = server.requests().at(0);
  CHECK_THAT(sent, ContainsSubstring("\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
  CHECK(sent.find("Authorization") == std::string::npos);
}

TEST_CASE("sends user and password as in RFC 7617") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  const auto get = [&](const std::string& user, const std::string& password) {
    http::HttpRequest request{"GET", server.url(), {}, std::nullopt, ""};
    request.basic_credentials = {user, Secret(password)};
    return outcome(run_in(fixture.io, client.send(std::move(request))));
  };
  REQUIRE(get("Aladdin", "open sesame") == "ok");
  CHECK_THAT(server.requests().at(0), EndsWith("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
  REQUIRE(get("test", "123\xC2\xA3\r\n") == "ok");
  CHECK_THAT(server.requests().at(1), ContainsSubstring("\r\nAuthorization: Basic dGVzdDoxMjPCow0K\r\n"));
  CHECK(get("a:b", "hunter2") ==
        "unauthorized: GET " + server.url() + ": the user name must not contain a colon (RFC 7617)");
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a client may be destroyed before its exchange ends") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  auto client = std::make_unique<http::HttpsClient>(fixture.io.get_executor(), fixture.settings);
  auto work = client->send({"GET", server.url(), {}, std::nullopt, ""});
  client.reset();
  const auto response = run_in(fixture.io, std::move(work));
  CHECK(outcome(response) == "ok");
}

TEST_CASE("returns headers in lower case, repeated ones joined") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: 2\r\n"
                                               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"));
  const auto response = fixture.post(server.url());
  REQUIRE(outcome(response) == "ok");
  CHECK(response->status == 503);
  CHECK(response->header("retry-after") == "7");
  CHECK(response->header("x-a") == "1, 2");
  CHECK(response->header("date") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(response->header("location").empty());
}

TEST_CASE("speaks http to loopback addresses") {
  Fixture fixture;
  TestServer server(fixture.io, Script());
  CHECK(outcome(fixture.post(server.url("/", "127.0.0.1"))) == "ok");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("connects over IPv6, with the address in brackets") {
  Fixture fixture;
  if (!have_ipv6(fixture.io)) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  Script script = fixture.script();
  script.address = "::1";
  TestServer server(fixture.io, script);
  REQUIRE(outcome(fixture.post(server.url("/", "[::1]"))) == "ok");
  CHECK_THAT(server.requests().at(0), ContainsSubstring("\r\nHost: [::1]:" + std::to_string(server.port()) + "\r\n"));
  CHECK(server.server_name().empty());
}

TEST_CASE("supports every framing of a response") {
  Fixture fixture;
  const std::string framing = GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
                                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n"
                                       "0\r\nTrailer: t\r\n\r\n",
                                       "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.0 200 OK\r\n\r\nbody",
                                       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                                       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  TestServer server(fixture.io, fixture.script(framing));
  const auto response = fixture.post(server.url());
  REQUIRE(outcome(response) == "ok");
  CHECK(response->status == 200);
  CHECK(response->body == "body");
}

TEST_CASE("a complete response needs neither close_notify nor the end of the connection") {
  Fixture fixture;
  Script script = fixture.script();
  script.ending = GENERATE(Ending::hang_up, Ending::reset, Ending::silence);
  TestServer server(fixture.io, script);
  const auto response = fixture.post(server.url());
  REQUIRE(outcome(response) == "ok");
  CHECK(response->body == "OK");
}

TEST_CASE("refuses a truncated response") {
  Fixture fixture;
  const std::string text = GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
                                    "HTTP/1.1 200 OK\r\nContent-Le", "HTT");
  Script script = fixture.script(text);
  script.ending = GENERATE(Ending::goodbye, Ending::hang_up);
  TestServer server(fixture.io, script);
  const auto response = fixture.post(server.url());
  CHECK_THAT(outcome(response), ContainsSubstring("bad_answer: POST " + server.url() + ": "));
  CHECK_THAT(outcome(response), ContainsSubstring("truncated"));
}

TEST_CASE(
    "an answer that lasts until the connection ends needs no close_notify: its content shows whether it is whole") {
  Fixture fixture;
  Script script = fixture.script("HTTP/1.1 200 OK\r\n\r\nall");
  script.ending = Ending::hang_up;
  TestServer server(fixture.io, script);
  const auto response = fixture.post(server.url());
  REQUIRE(outcome(response) == "ok");
  CHECK(response->body == "all");
}

TEST_CASE("accepts a response of at most 1 MiB") {
  Fixture fixture;
  const bool chunked = GENERATE(false, true);
  const auto answer = [&](std::size_t size) { return chunked ? chunked_of(size) : answer_of(size); };
  {
    TestServer server(fixture.io, fixture.script(answer(http::kBodyLimit)));
    const auto response = fixture.post(server.url());
    REQUIRE(outcome(response) == "ok");
    CHECK(response->body.size() == http::kBodyLimit);
  }
  TestServer server(fixture.io, fixture.script(answer(http::kBodyLimit + 1)));
  const auto response = fixture.post(server.url());
  REQUIRE_THAT(outcome(response), ContainsSubstring("bad_answer: "));
  CHECK(response.error().reason == RejectionReason::too_large);
}

TEST_CASE("ends an endless response") {
  Fixture fixture;
  Script script = fixture.script();
  script.ending = Ending::and_again;
  SECTION("in its body") {
    script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    script.repeat = "1000\r\n" + std::string(4096, 'x') + "\r\n";
    TestServer server(fixture.io, script);
    const auto response = fixture.post(server.url());
    REQUIRE_THAT(outcome(response), ContainsSubstring("bad_answer: "));
    CHECK(response.error().reason == RejectionReason::too_large);
  }
  SECTION("in its header") {
    script.response = "HTTP/1.1 200 OK\r\n";
    script.repeat = "X-Filler: " + std::string(900, 'x') + "\r\n";
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("larger than 300 KiB"));
  }
  SECTION("of interim responses") {
    script.response.clear();
    script.repeat = "HTTP/1.1 102 Processing\r\n\r\n";
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("(1xx)"));
  }
}

TEST_CASE("refuses what is not HTTP") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("bad_answer: "));
}

TEST_CASE("a connection closed without a response is a failed connection") {
  Fixture fixture;
  Script script = fixture.script("");
  script.ending = GENERATE(Ending::goodbye, Ending::hang_up, Ending::reset);
  TestServer server(fixture.io, script);
  CHECK(outcome(fixture.post(server.url())) ==
        "connect: POST " + server.url() +
            ": waiting for the response: the server closed the connection without a response");
}

TEST_CASE("names the address that refuses the connection") {
  Fixture fixture;
  std::string url;
  std::string address;
  {
    TestServer server(fixture.io, Script());
    url = server.url("/", "127.0.0.1");
    address = "127.0.0.1:" + std::to_string(server.port());
  }
  fixture.io.poll();
  CHECK(outcome(fixture.post(url)) ==
        "connect: POST " + url + ": connecting to " + address + ": " + address + ": Connection refused");
}

TEST_CASE("names a host without an address") {
  Fixture fixture;
  // The resolver refuses an empty label without a name server.
  const auto response = fixture.post("https://cloud..invalid/x");
  CHECK_THAT(outcome(response), ContainsSubstring("dns: POST https://cloud..invalid/x: looking up cloud..invalid: "));
}

TEST_CASE("refuses a token that would end its header, before anything is sent") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const std::string token = GENERATE(as<std::string>{}, "two\nlines", "two\r\nX-Injected: 1", std::string("nul\0x", 5),
                                     "delete\x7f", "tab\tbed", "");
  const auto response = fixture.post(server.url(), token);
  REQUIRE_THAT(outcome(response), ContainsSubstring("unauthorized: POST " + server.url() + ": the token "));
  CHECK((token.empty() || response.error().message.find(token) == std::string::npos));
  CHECK(server.connections() == 0);
}

TEST_CASE("sends a token of any other bytes unchanged") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const std::string token = "a b=+/~\"\\\xc3\xa9\xff";
  REQUIRE(outcome(fixture.post(server.url(), token)) == "ok");
  CHECK_THAT(server.requests().at(0), ContainsSubstring("\r\nAuthorization: Bearer " + token + "\r\n"));
}

TEST_CASE("a body that is whole by itself is a response, however the connection or the time ends") {
  Fixture fixture;
  const Ending ending = GENERATE(Ending::goodbye, Ending::hang_up, Ending::reset, Ending::silence);
  CAPTURE(ending);
  if (ending == Ending::silence) {
    fixture.settings.request_timeout = std::chrono::seconds(10);
  }
  Script script = fixture.script("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nwhole");
  script.ending = ending;
  TestServer server(fixture.io, script);
  http::HttpRequest request;
  request.method = "POST";
  request.url = server.url();
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  request.is_whole = [](std::string_view body) { return body == "another"; };
  CHECK(outcome(run_in(fixture.io, client.send(request))) != "ok");
  request.is_whole = [](std::string_view body) { return body == "whole"; };
  const auto response = run_in(fixture.io, client.send(request));
  REQUIRE(outcome(response) == "ok");
  CHECK(response->body == "whole");
}

TEST_CASE("does not follow redirects") {
  Fixture fixture;
  TestServer target(fixture.io, fixture.script());
  TestServer server(fixture.io, fixture.script("HTTP/1.1 302 Found\r\nLocation: " + target.url() +
                                               "\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"));
  const auto response = fixture.post(server.url());
  REQUIRE(outcome(response) == "ok");
  CHECK(response->status == 302);
  CHECK(response->header("location") == target.url());
  CHECK(target.connections() == 0);
}

TEST_CASE("a rehearsal does not send the request") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  CHECK(outcome(fixture.rehearse(server.url())) == "ok");
  fixture.io.poll();
  CHECK(server.connections() == 1);
  CHECK(server.requests().empty());
  CHECK(server.server_name() == "localhost");
  CHECK_THAT(outcome(fixture.rehearse("https://cloud..invalid/x")),
             ContainsSubstring("dns: reaching https://cloud..invalid/x: "));
}
