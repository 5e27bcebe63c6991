#include "cloud/renew_api.hpp"

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
using std::chrono::seconds;
using namespace std::string_literals;

namespace {

constexpr const char* kAccountUrl = "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3";
constexpr const char* kToken = "tok+en/1234";
const std::string kDoing = std::string("POST ") + kAccountUrl + "/certificate/renewcert: ";

class FakeClient final : public http::HttpClient {
 public:
  explicit FakeClient(Result<http::HttpResponse> answer) : answer_(std::move(answer)) {}

  boost::asio::awaitable<Result<http::HttpResponse>> send(http::HttpRequest request) override {
    last = std::move(request);
    co_return answer_;
  }
  boost::asio::awaitable<Result<void>> rehearse(std::string) override { co_return Result<void>(); }

  http::HttpRequest last;

 private:
  Result<http::HttpResponse> answer_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

cloud::RenewalResponse ask(FakeClient& client) {
  boost::asio::io_context io;
  return run_in(io, cloud::request_renewal(client, kAccountUrl, Secret(kToken)));
}

cloud::RenewalResponse answered(unsigned status, const std::string& body, const Headers& headers = {}) {
  FakeClient client(http::HttpResponse{status, headers, body});
  return ask(client);
}

}  // namespace

TEST_CASE("requests a certificate with only the token") {
  FakeClient client(http::HttpResponse{200, {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}}, " TUlJ\n"});
  const auto exchange = ask(client);
  REQUIRE(outcome(exchange.body) == "ok");
  CHECK(exchange.body == " TUlJ\n");
  CHECK(exchange.server_time == std::chrono::sys_seconds(seconds(784111777)));
  CHECK(client.last.method == "POST");
  CHECK(client.last.url == std::string(kAccountUrl) + "/certificate/renewcert");
  CHECK(client.last.headers.empty());
  CHECK(client.last.body.empty());
  REQUIRE(client.last.bearer_token);
  CHECK(client.last.bearer_token->view() == kToken);
}

TEST_CASE("builds the URL with one slash") {
  CHECK(cloud::renew_url("https://a/b") == "https://a/b/certificate/renewcert");
  CHECK(cloud::renew_url("https://a/b//") == "https://a/b/certificate/renewcert");
}

TEST_CASE("returns the client's error unchanged") {
  FakeClient client(failure(ErrorKind::dns, "POST x: no such host"));
  CHECK(outcome(ask(client).body) == "dns: POST x: no such host");
}

TEST_CASE("every status has its class") {
  struct Case {
    unsigned status;
    ErrorKind kind;
  };
  for (const auto& [status, kind] : std::vector<Case>{{101, ErrorKind::bad_answer},
                                                      {300, ErrorKind::client_error},
                                                      {304, ErrorKind::client_error},
                                                      {400, ErrorKind::client_error},
                                                      {401, ErrorKind::unauthorized},
                                                      {403, ErrorKind::unauthorized},
                                                      {404, ErrorKind::client_error},
                                                      {407, ErrorKind::proxy},
                                                      {408, ErrorKind::server_error},
                                                      {409, ErrorKind::client_error},
                                                      {422, ErrorKind::client_error},
                                                      {429, ErrorKind::rate_limited},
                                                      {499, ErrorKind::client_error},
                                                      {500, ErrorKind::server_error},
                                                      {503, ErrorKind::server_error},
                                                      {599, ErrorKind::server_error},
                                                      {600, ErrorKind::bad_answer},
                                                      {999, ErrorKind::bad_answer}}) {
    const auto answer = answered(status, "words").body;
    REQUIRE_FALSE(answer);
    INFO(status);
    CHECK(answer.error().kind == kind);
    CHECK_THAT(answer.error().message, ContainsSubstring(kDoing + "HTTP " + std::to_string(status) + ": "));
    CHECK_FALSE(answer.error().retry_after);
  }
  for (const unsigned status : {200U, 201U, 202U, 299U}) {
    CHECK(outcome(answered(status, "TUlJ").body) == "ok");
  }
}

TEST_CASE("the response of a proxy that intercepts TLS is not the cloud's") {
  for (const unsigned status : {403U, 502U, 503U}) {
    const auto answer = answered(status, "<title>ERROR</title>", {{"x-squid-error", "ERR_ACCESS_DENIED 0"}}).body;
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::proxy);
    CHECK(answer.error().message ==
          kDoing + "HTTP " + std::to_string(status) + " from a proxy that intercepts TLS (ERR_ACCESS_DENIED): ERROR");
    CHECK_FALSE(answer.error().advice.empty());
  }
}

TEST_CASE("a page in place of the cloud's error may be that of a proxy") {
  const auto page = answered(403, "\n<html><title>Blocked</title></html>").body;
  CHECK(page.error().kind == ErrorKind::unauthorized);
  CHECK_THAT(page.error().message, ContainsSubstring("HTTP 403: Blocked; ") && ContainsSubstring("a proxy"));
  CHECK_THAT(answered(403, R"({"message": "no"})").body.error().message, !ContainsSubstring("a proxy"));
}

TEST_CASE("an empty response is an error") {
  for (const unsigned status : {200U, 204U}) {
    CHECK(outcome(answered(status, "").body) ==
          "bad_answer: " + kDoing + "HTTP " + std::to_string(status) + ": the response is empty");
  }
  CHECK_THAT(outcome(answered(200, " \r\n").body), ContainsSubstring("empty"));
}

TEST_CASE("names the target of a redirect and does not follow it") {
  CHECK_THAT(
      outcome(answered(301, "", {{"location", "https://evil.example/\x1b[2J"}}).body),
      StartsWith("client_error: " + kDoing + "HTTP 301: ") && ContainsSubstring("https://evil.example/\\x1b[2J"));
  CHECK_THAT(outcome(answered(302, "").body), ContainsSubstring("an unknown location"));
}

TEST_CASE("returns the server's time with any response") {
  const Headers dated{{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  for (const unsigned status : {200U, 204U, 401U, 503U}) {
    CHECK(answered(status, "x", dated).server_time == std::chrono::sys_seconds(seconds(784111777)));
  }
  CHECK_FALSE(answered(200, "x").server_time);
  CHECK_FALSE(answered(200, "x", {{"date", "yesterday"}}).server_time);
  FakeClient unreachable(failure(ErrorKind::dns, "POST x: no such host"));
  CHECK_FALSE(ask(unreachable).server_time);
}

TEST_CASE("an answer that cannot be decoded is returned unchanged, and an error response is reported by its coding") {
  http::HttpResponse response{200, {}, "coded"};
  response.undecoded = "its content coding br is not supported";
  FakeClient good(response);
  const auto exchange = ask(good);
  CHECK(exchange.body == "coded");
  CHECK(exchange.undecoded == response.undecoded);
  response.status = 503;
  FakeClient bad(response);
  CHECK(ask(bad).body.error().message == kDoing + "HTTP 503: its content coding br is not supported");
}

TEST_CASE("returns how long the server asks to wait") {
  for (const unsigned status : {429U, 500U, 503U}) {
    const auto answer = answered(status, "", {{"retry-after", "120"}}).body;
    REQUIRE_FALSE(answer);
    CHECK(answer.error().retry_after == seconds{120});
    CHECK(answer.error().message == kDoing + "HTTP " + std::to_string(status));
  }
  const Headers dated{{"retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"}, {"date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  CHECK(answered(503, "", dated).body.error().retry_after == seconds{60});
  CHECK_FALSE(answered(404, "", {{"retry-after", "120"}}).body.error().retry_after);
}

TEST_CASE("the token never reaches a message, even if the server repeats it") {
  const std::string token = kToken;
  const std::string filler(190, 'x');
  for (const auto& [answer, server_time, undecoded] :
       {answered(400, "bad token " + token + ", I said " + token), answered(500, filler + " " + token),
        answered(401, "<html><title>" + token + "</title></html>"),
        answered(400, R"({"message": "tok+en\/1234 is unknown", "technicalCode": "tok+en\u002f1234"})"),
        answered(400, "<p>tok<b>+en</b>/12<i>34</i></p>"), answered(400, "&#116;ok+en/1234, <b>you said"),
        answered(400, R"({"message": "Bearer tok+en\n/12 34"})"), answered(400, R"({"error": "tok+en\u002f1234"})"),
        answered(400, "Authorization: QmVhcmVyIHRvaytlbi8xMjM0"), answered(400, std::string(195, '.') + token),
        answered(302, "", {{"location", "https://a/?token=" + token}}),
        answered(403, "", {{"x-squid-error", token + " 0"}}),
        answered(302, "", {{"location", "https://a/?token=tok%2Ben%2F1234"}})}) {
    REQUIRE_FALSE(answer);
    INFO(answer.error().message);
    CHECK_THAT(answer.error().message, !ContainsSubstring("tok+") && !ContainsSubstring("tok%") &&
                                           !ContainsSubstring("en/12") && !ContainsSubstring("QmVh") &&
                                           ContainsSubstring("[tok"));
  }
}

TEST_CASE("finds the message of an error response") {
  const auto words = [](std::string_view body) { return cloud::describe_error_body(body); };
  CHECK(words("").empty());
  CHECK(words(" \n ").empty());
  CHECK(words("plain\ntext\n") == "plain text");
  CHECK(words(R"({"message": "No such account", "http_status": 404, "technicalCode": "account.notFound",
                  "parameters": {"account": "7b"}})") == "No such account [account.notFound]");
  CHECK(words(R"({"httpStatus": 400, "message": "Bad", "technicalCode": null, "details": []})") == "Bad");
  CHECK(words(R"({"error": "x"})") == R"({"error": "x"})");
  CHECK(words(R"({"message": {"nested": 1}})") == R"({"message": {"nested": 1}})");
  CHECK(words(R"({"message": "cut off)") == R"({"message": "cut off)");
  CHECK(words("<!DOCTYPE html>\n<HTML><head><Title lang=en>\n 502 Bad &amp; Gateway\n</title></head><body>x</body>") ==
        "502 Bad & Gateway");
  CHECK(words("<html><style>p {}</style><script>if (a < b) { c(); }</SCRIPT><!-- a > b --><h1>Not</h1><p>found &lt;"
              "&quot;it&apos;s&#39;&gt;</p></html>") == "Not found <\"it's'>");
  CHECK(words("<html><title></title><body>Words</body>") == "Words");
  CHECK(words("&amp;lt;") == "&amp;lt;");  // not HTML
}

TEST_CASE("hostile error responses become one short printable line") {
  const std::string mib(std::size_t{1024} * 1024, 'x');
  std::string tags;
  while (tags.size() < mib.size()) {
    tags += "<script><!--<style>";
  }
  std::string open_tags(mib.size(), '<');
  const std::string nested(100000, '{');
  const std::string controls = "\x1b]0;title\x07\0\xff\xfe\r\nGRAVITEE_EVENT=x\xc2\x9b"s;
  for (const std::string& body : {mib, tags, open_tags, nested, "{\"message\": \"" + mib + "\"}", controls,
                                  R"({"message": "\u001b[2J\u0000\r\n\u009b"})" + std::string(), "<title>" + mib,
                                  "<title>" + controls + "</title>"}) {
    const std::string line = cloud::describe_error_body(body);
    CHECK(line.size() <= 210);
    for (const char c : line) {
      REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
    CHECK(line.find("\xc2\x9b") == std::string::npos);
  }
}

TEST_CASE("reads Retry-After") {
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  struct Case {
    std::string value;
    std::optional<seconds> delay;
  };
  for (const auto& [value, delay] : std::vector<Case>{{"", std::nullopt},
                                                      {"0", seconds{0}},
                                                      {"120", seconds{120}},
                                                      {"99999999999999999999999", std::chrono::days{365}},
                                                      {"-1", std::nullopt},
                                                      {"1.5", std::nullopt},
                                                      {"soon", std::nullopt},
                                                      {"Sun, 06 Nov 1994 08:50:37 GMT", seconds{60}},
                                                      {"Sunday, 06-Nov-94 08:50:37 GMT", seconds{60}},
                                                      {"Sun Nov  6 08:50:37 1994", seconds{60}},
                                                      {"Mon, 07 Nov 1994 08:49:37 GMT", seconds{86400}},
                                                      {"Sun, 06 Nov 1994 08:00:00 GMT", seconds{0}},
                                                      {"Fri, 06 Nov 2094 08:00:00 GMT", std::chrono::days{365}},
                                                      {"Sun, 06 Nov 1994 08:50:37 CET", std::nullopt},
                                                      {"Sun, 06 Nov 1994 08:50:37 GMT, 5", std::nullopt}}) {
    INFO(value);
    CHECK(cloud::parse_retry_after(value, date) == delay);
  }
  CHECK(cloud::parse_retry_after("60", "") == seconds{60});
  CHECK(cloud::parse_retry_after(date, "") == std::nullopt);
  CHECK(cloud::parse_retry_after(date, "yesterday") == std::nullopt);
}

TEST_CASE("a date that the clock cannot represent can be compared with it") {
  for (const std::string date :
       {"Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 0001 00:00:00 GMT", "Sun, 06 Nov 1594 08:49:37 GMT"}) {
    INFO(date);
    const auto parsed = cloud::parse_http_date(date);
    REQUIRE(parsed);
    const bool is_late = date.find("9999") != std::string::npos;
    CHECK((TimePoint(*parsed) > TimePoint(std::chrono::days{365})) == is_late);
    CHECK((*parsed > TimePoint(std::chrono::days{365})) == is_late);
  }
}

TEST_CASE("requests a certificate from a real server") {
  Fixture fixture;
  TestServer server(fixture.io,
                    fixture.script("HTTP/1.1 429 Slow down\r\nRetry-After: 9\r\nContent-Type: text/plain\r\n"
                                   "Content-Length: 5\r\n\r\nlater"));
  http::HttpsClient client(fixture.io.get_executor(), fixture.settings);
  const auto answer =
      run_in(fixture.io, cloud::request_renewal(client, server.url("/accounts/1"), Secret("secret-token"))).body;
  CHECK(outcome(answer) ==
        "rate_limited: POST " + server.url("/accounts/1/certificate/renewcert") + ": HTTP 429: later");
  CHECK(answer.error().retry_after == seconds{9});
}
