#include "core/url.hpp"

#include "core/addresses.hpp"
#include "support/catch.hpp"

using namespace renewd;

TEST_CASE("splits a URL into its parts") {
  const auto url = split_url("HTTPS://user:secret@EU.cloud.gravitee.io.:8443/a/b?c=d#e");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->has_user_info);
  CHECK(url->has_password);
  CHECK(url->user == "user");
  CHECK(url->host == "eu.cloud.gravitee.io");
  CHECK(url->lookup_name == "eu.cloud.gravitee.io.");
  CHECK(url->port == 8443);
  CHECK(url->path == "/a/b");
  CHECK(url->target == "/a/b?c=d");
  CHECK(url->has_query);
  CHECK(url->has_fragment);
  const auto plain = split_url("http://[::1]");
  REQUIRE(plain);
  CHECK(plain->host == "::1");
  CHECK_FALSE(plain->has_port);
  CHECK(plain->target == "/");
}

TEST_CASE("a URL with an unusable host is refused without quoting it") {
  const std::string text =
      GENERATE("", "secret", "secret:?", "https:/secret", "https://u:secret@", "https://u:secret@./",
               "https://u:secret@a../", "https://u:secret@[v1.x]/", "https://u:secret@a%41/",
               "https://u:secret@127.0.0.1.example/", "https://u:secret@a b/");
  CAPTURE(text);
  const auto url = split_url(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().find("secret") == std::string::npos);
}

TEST_CASE("a port outside of 1 to 65535 is invalid and does not wrap around") {
  const std::string text = GENERATE("https://a:0/", "https://a:65536/", "https://a:65537/", "https://a:99999999999/");
  CAPTURE(text);
  const auto url = split_url(text);
  REQUIRE(url);
  CHECK(url->has_port);
  CHECK_FALSE(url->port);
}
