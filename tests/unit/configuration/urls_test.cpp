#include "configuration/urls.hpp"

#include "support/catch.hpp"

using renewd::configuration::parse_account_url;
using renewd::configuration::parse_proxy;

TEST_CASE("accepts an account URL over https, and over http to a loopback address") {
  for (const std::string url : {
           "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973",
           "https://eu.cloud.gravitee.io:8443/management/accounts/a_b.c",
           "HTTPS://eu.cloud.gravitee.io/management/accounts/a",
           "https://192.0.2.1/a",
           "https://[2001:db8::1]/a",
           "https://localhost/a",
           "http://127.0.0.1:8080/management/accounts/a",
           "http://127.255.255.254/a",
           "http://[::1]:8080/a",
           "http://localhost:8080/a",
           "http://LOCALHOST/a",
       }) {
    CAPTURE(url);
    const auto parsed = parse_account_url(url);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == url);
  }
}

TEST_CASE("drops trailing slashes of an account URL") {
  CHECK(parse_account_url("https://example.com/accounts/a/") == "https://example.com/accounts/a");
  CHECK(parse_account_url("https://example.com/accounts/a//") == "https://example.com/accounts/a");
}

TEST_CASE("refuses a wrong account URL with the reason") {
  const std::vector<std::pair<std::string_view, std::string>> cases{
      {"", "is not a URL"},
      {"eu.cloud.gravitee.io/management/accounts/a", "is not a URL"},
      {"/management/accounts/a", "is not a URL"},
      {"https:/management/accounts/a", "is not a URL"},
      {"https:///management/accounts/a", "is not a URL"},
      {"https://:443/a", "is not a URL"},
      {"https://example.com:99999/a", "is not a URL"},
      {"https://example.com:65537/a", "is not a URL"},
      {"https://example.com:0/a", "is not a URL"},
      {"https://example.com:/a", "is not a URL"},
      {"https://exa mple.com/a", "is not a URL"},
      // The client, which has the same parser, could not connect there.
      {"https://example.com../a", "is not a URL"},
      {"https://./a", "is not a URL"},
      {"https://[v1.x]/a", "is not a URL"},
      {"https://[fe80::1%25eth0]/a", "is not a URL"},
      {"https://example%2ecom/a", "is not a URL"},
      {"https://example.com/a b", "is not a URL"},
      {"ftp://example.com/a", "must start with https://"},
      {"http://eu.cloud.gravitee.io/a", "loopback"},
      {"http://128.0.0.1/a", "127.0.0.0/8"},
      {"http://[::2]/a", "127.0.0.0/8"},
      {"http://[::ffff:10.0.0.1]/a", "127.0.0.0/8"},
      {"http://localhost.example.com/a", "127.0.0.0/8"},
      {"http://127.0.0.1.example.com/a", "is not a URL"},
      {"http://127.0.0.1x/a", "is not a URL"},
      {"http://127.1/a", "127.0.0.0/8"},
      {"http://127.0.0.1@example.com/a", "127.0.0.0/8"},
      {"https://user@example.com/a", "user name or password"},
      {"https://user:hunter2@example.com/a", "user name or password"},
      {"https://example.com/a?b=c", "without ? or #"},
      {"https://example.com/a#b", "without ? or #"},
      {"https://example.com", "must end with the account id"},
      {"https://example.com/", "must end with the account id"},
      {"https://example.com/management/accounts", "must end with the account id"},
      {"https://example.com/management/accounts/", "must end with the account id"},
      {"https://example.com/management/accounts/..", "must end with the account id"},
      {"https://example.com/management/accounts/a%2Fb", "must end with the account id"},
      {"https://example.com/management/accounts/a/certificate/renewcert", "remove /certificate/renewcert"},
      {"https://example.com/management/accounts/a/certificate", "remove /certificate/renewcert"},
  };
  for (const auto& [url, expected] : cases) {
    CAPTURE(url);
    const auto parsed = parse_account_url(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_THAT(parsed.error(), ContainsSubstring(expected));
    CHECK(parsed.error().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("reads the host, port and user of a proxy") {
  struct Case {
    std::string_view url;
    std::string host;
    int port;
    std::string user;
  };
  for (const auto& [url, host, port, user] : std::vector<Case>{
           {"http://proxy.example.com:3128", "proxy.example.com", 3128, ""},
           {"http://proxy.example.com:3128/", "proxy.example.com", 3128, ""},
           {"http://renewd@10.0.0.1:8080", "10.0.0.1", 8080, "renewd"},
           {"http://[2001:db8::1]:65535", "2001:db8::1", 65535, ""},
           {"http://a%40b@proxy:1", "proxy", 1, "a@b"},
       }) {
    CAPTURE(url);
    const auto parsed = parse_proxy(url);
    REQUIRE(parsed.has_value());
    CHECK(parsed->host == host);
    CHECK(parsed->port == port);
    CHECK(parsed->user == user);
  }
}

TEST_CASE("refuses a wrong proxy URL with the reason") {
  const std::vector<std::pair<std::string_view, std::string>> cases{
      {"proxy:3128", "must have the form"},
      {"proxy.example.com:3128", "must have the form"},
      {"http://:3128", "must have the form"},
      {"http://127.0.0.1.example.com:1", "must have the form"},
      {"http://[fe80::1%25eth0]:3128", "must have the form"},
      {"https://proxy:3128", "must start with http://"},
      {"socks5://proxy:3128", "must start with http://"},
      {"http://proxy", "must include a port"},
      {"http://proxy:", "must include a port"},
      {"http://proxy:0", "must include a port"},
      {"http://proxy:65536", "must include a port"},
      {"http://proxy:65537", "must include a port"},
      {"http://user:hunter2@proxy:3128", "`http.proxy_password`"},
      {"https://user:hunter2@proxy:3128", "`http.proxy_password`"},
      {"http://a%3Ab@proxy:3128", "colon"},
      {"http://proxy:3128/path", "must end with the port"},
      {"http://proxy:3128?a", "must end with the port"},
  };
  for (const auto& [url, expected] : cases) {
    CAPTURE(url);
    const auto parsed = parse_proxy(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_THAT(parsed.error(), ContainsSubstring(expected));
    CHECK(parsed.error().find("hunter2") == std::string::npos);
  }
}
