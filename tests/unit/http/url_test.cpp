#include "http/url.hpp"

#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
using http::parse_url;

TEST_CASE("parses a URL") {
  const auto url = parse_url("https://EU.cloud.gravitee.io/management/accounts/1/certificate/renewcert?a=b#c");
  REQUIRE(url);
  CHECK(url->host == "eu.cloud.gravitee.io");
  CHECK(url->port == 443);
  CHECK(url->target == "/management/accounts/1/certificate/renewcert?a=b");
  CHECK(url->host_header() == "eu.cloud.gravitee.io");
  CHECK(url->authority() == "eu.cloud.gravitee.io:443");
  CHECK_FALSE(url->host_is_address());
  CHECK_FALSE(url->host_is_loopback());
}

TEST_CASE("the Host header omits the default port") {
  CHECK(parse_url("https://a:443")->host_header() == "a");
  CHECK(parse_url("https://a:80")->host_header() == "a:80");
  CHECK(parse_url("http://localhost:80")->host_header() == "localhost");
  CHECK(parse_url("https://[2001:db8::1]")->host_header() == "[2001:db8::1]");
  CHECK(parse_url("https://[2001:db8::1]:8443")->host_header() == "[2001:db8::1]:8443");
  CHECK(parse_url("https://a")->target == "/");
  CHECK(parse_url("https://a?b")->target == "/?b");
  CHECK(parse_url("https://a:")->port == 443);
}

TEST_CASE("the final dot of a name is used only for its lookup") {
  const auto url = parse_url("https://EU.cloud.gravitee.io.:8443/x");
  REQUIRE(url);
  CHECK(url->host == "eu.cloud.gravitee.io");
  CHECK(url->lookup_name == "eu.cloud.gravitee.io.");
  CHECK(url->host_header() == "eu.cloud.gravitee.io:8443");
  CHECK(url->authority() == "eu.cloud.gravitee.io:8443");
  CHECK(parse_url("https://my_host.example")->lookup_name == "my_host.example");
  CHECK(parse_url("http://localhost./")->host_is_loopback());
}

TEST_CASE("knows loopback hosts") {
  for (const char* text :
       {"http://localhost", "http://LOCALHOST:1", "http://127.0.0.1", "http://127.1.2.3", "http://[::1]"}) {
    INFO(text);
    REQUIRE(parse_url(text));
    CHECK(parse_url(text)->host_is_loopback());
  }
  CHECK_FALSE(parse_url("https://localhost.example")->host_is_loopback());
  CHECK_FALSE(parse_url("https://128.0.0.1")->host_is_loopback());
}

TEST_CASE("refuses a URL that cannot be used") {
  for (const char* text : {"",
                           "cloud.example",
                           "/path",
                           "https:",
                           "https://",
                           "https:///x",
                           "ftp://a/",
                           "http://a/",
                           "http://127.0.0.1.example/",
                           "http://127.0.0.1x/",
                           "https://127.0.0.1.example",
                           "https://a b/",
                           "https://a/\r\nX: y",
                           "https://a%0d%0a/",
                           "https://a:0/",
                           "https://a:65537/",
                           "https://a:b/",
                           "https://./",
                           "https://a../",
                           "https://[v1.x]/",
                           "https://[::1/"}) {
    INFO(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().kind == ErrorKind::client_error);
  }
}

TEST_CASE("does not quote a password in a URL") {
  for (const char* text :
       {"https://user:secret@a/", "https://user:secret@a../", "https://user:secret@", "user:secret@a"}) {
    INFO(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().message.find("secret") == std::string::npos);
  }
  Fixture fixture;
  CHECK(outcome(fixture.post("https://user:secret@a/")).find("secret") == std::string::npos);
}

TEST_CASE("a URL without an authority is refused") {
  const std::string text = GENERATE("j:?", "j:?://", "https:?x", "https:/x", ":", "://", "");
  CAPTURE(text);
  CHECK_FALSE(renewd::http::parse_url(text));
}
