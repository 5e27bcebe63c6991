#include "gateway/http_probe.hpp"

#include <cstdlib>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"
#include "unit/http/test_server.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using gateway::testing::Loop;
using renewd::testing::Ending;
using renewd::testing::Script;
using renewd::testing::TestServer;
using renewd::testing::write_file;
using namespace std::chrono_literals;

std::string answer(const std::string& status, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Probed {
  explicit Probed(Script script) : server(loop.io, std::move(script)) { settings.url = server.url("/_node/health"); }

  std::unique_ptr<Gateway> gateway(const configuration::HttpSettings& http = {}) {
    std::vector<NamedSecret> secrets;
    if (settings.password) {
      secrets.push_back({"health check password", *settings.password});
    }
    return make_gateway(loop.io.get_executor(), {.verify_timeout = 1s, .http_probe = settings}, http, {}, secrets);
  }
  // What a verification says whose every look is the same, or why it failed.
  std::string verify(const configuration::HttpSettings& http = {}) {
    const auto verified = loop.finish(gateway(http)->verify({}));
    CHECK((verified || verified.error().kind == ErrorKind::gateway));
    return verified ? verified->message : "failed: " + verified.error().message;
  }

  Loop loop;
  TestServer server;
  configuration::HttpProbeSettings settings;
};

}  // namespace

TEST_CASE("the health check passes on the expected status alone") {
  Probed good(Script{.response = answer("200 OK", "{}")});
  CHECK_THAT(good.verify(), EndsWith("GET " + good.settings.url + ": 200"));
  CHECK_THAT(good.server.requests().at(0), StartsWith("GET /_node/health HTTP/1.1\r\n"));
  CHECK(good.server.requests().at(0).find("Authorization") == std::string::npos);
  good.settings.expect_status = 204;
  CHECK_THAT(good.verify(), ContainsSubstring("HTTP 200 instead of 204"));

  Probed another(Script{.response = answer("404 Not Found")});
  another.settings.expect_status = 404;
  CHECK_THAT(another.verify(), EndsWith(": 404"));
}

TEST_CASE("what is not well is told with its reason") {
  struct Case {
    std::string response;
    std::string reason;
  };
  const std::vector<Case> cases{
      {answer("500 Error", R"({"repository":{"healthy":false,"message":"Connection\nrefused"},"http":{"healthy":true},)"
                           R"("sync":{"healthy":false},"other":7})"),
       "HTTP 500 instead of 200: not healthy: repository (Connection refused), sync"},
      {answer("500 Error", R"({"http":{"healthy":true}})"), R"(HTTP 500 instead of 200: {"http":{"healthy":true}})"},
      {answer("503 Busy", "<p>\x1b[31mbusy" + std::string(10'000, '!')),
       R"(HTTP 503 instead of 200: <p>\x1b[31mbusy!!)"},
      {answer("502 Bad Gateway"), "HTTP 502 instead of 200"},
      {answer("302 Found\r\nLocation: /elsewhere"), "HTTP 302 instead of 200"},
      {answer("401 Unauthorized"), "HTTP 401 instead of 200: it wants a username and a password"},
      {answer("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x, y\", Digest nonce=\"z\""),
       "HTTP 401 instead of 200: it accepts Bearer, Digest authentication alone, and gravitee-renewd speaks Basic"},
      {answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\""),
       "HTTP 401 instead of 200: it wants a username and a password"},
      {"nonsense\r\n\r\n", "not HTTP"},
      {"", "closed the connection"},
  };
  for (const auto& [response, reason] : cases) {
    CAPTURE(response.substr(0, 100));
    Probed probed(Script{.response = response});
    const auto seen = probed.loop.finish(probed.gateway()->rehearse());
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == ErrorKind::gateway);
    CHECK_THAT(seen.error().message, StartsWith("GET " + probed.settings.url) && ContainsSubstring(reason));
    CHECK(seen.error().message.size() < 300);
  }
}

TEST_CASE("what is not well yet is asked again until the timeout") {
  Probed probed(Script{.response = answer("503 Busy")});
  CHECK_THAT(probed.verify(), StartsWith("failed: verifying the gateway: not well after 1 s: GET ") &&
                                  EndsWith("HTTP 503 instead of 200"));
  CHECK(probed.server.connections() > 1);
}

TEST_CASE("a gateway that does not listen, or does not answer, is not well yet") {
  Probed silent(Script{.response = "", .ending = Ending::silence});
  CHECK_THAT(silent.verify(), ContainsSubstring("no answer within"));
  silent.settings.url = "http://127.0.0.1:1/";
  CHECK_THAT(silent.verify(), ContainsSubstring("connecting to 127.0.0.1:1") && ContainsSubstring("refused"));
}

TEST_CASE("username and password go along, and are read anew each time") {
  const renewd::testing::TemporaryDirectory directory;
  write_file(directory / "password", "first\n");
  Probed probed(Script{.response = answer("403 Forbidden")});
  probed.settings.username = "admin";
  probed.settings.password =
      SecretSource{.kind = SecretSource::Kind::file, .name = (directory / "password").string(), .value = {}};
  const auto gateway = probed.gateway();
  const auto refused = probed.loop.finish(gateway->rehearse());
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, EndsWith("HTTP 403 instead of 200: username and password are refused"));
  CHECK_THAT(probed.server.requests().at(0), ContainsSubstring("\r\nAuthorization: Basic YWRtaW46Zmlyc3Q=\r\n"));
  write_file(directory / "password", "second\n");
  CHECK_FALSE(probed.loop.finish(gateway->rehearse()));
  CHECK_THAT(probed.server.requests().at(1), ContainsSubstring("\r\nAuthorization: Basic YWRtaW46c2Vjb25k\r\n"));

  // Nothing that cannot be sent goes along: neither a control character nor less than the password.
  write_file(directory / "password", "two\nlines\n");
  const auto unsent = probed.loop.finish(gateway->rehearse());
  REQUIRE_FALSE(unsent);
  CHECK_THAT(unsent.error().message, ContainsSubstring("control character"));

  std::filesystem::remove(directory / "password");
  const auto unreadable = [&](const auto& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::gateway);
    CHECK_THAT(result.error().message, ContainsSubstring((directory / "password").string()));
  };
  unreadable(probed.loop.finish(gateway->rehearse()));
  unreadable(probed.loop.finish(gateway->verify({})));
  CHECK(probed.server.requests().size() == 2);
}

TEST_CASE("a health check that repeats its password is quoted without it") {
  // "admin:gr8-pass" in base64.
  for (const std::string& body :
       {std::string("not for admin:gr8-pass"), std::string("Authorization: Basic YWRtaW46Z3I4LXBhc3M="),
        std::string(R"({"http":{"healthy":false,"message":"gr8\u002dpass"}})"), std::string(150, '!') + "gr8-pass"}) {
    Probed probed(Script{.response = answer("500 Error", body)});
    probed.settings.username = "admin";
    probed.settings.password = SecretSource{SecretSource::Kind::value, "", Secret("gr8-pass")};
    const auto seen = probed.loop.finish(probed.gateway()->rehearse());
    REQUIRE_FALSE(seen);
    INFO(seen.error().message);
    CHECK_THAT(seen.error().message, ContainsSubstring("[health") && !ContainsSubstring("gr8") &&
                                         !ContainsSubstring("YWRt") && !ContainsSubstring("pass]s"));
  }
}

TEST_CASE("a rehearsal asks once") {
  Probed probed(Script{.response = answer("200 OK")});
  const auto rehearsed = probed.loop.finish(probed.gateway()->rehearse());
  REQUIRE(rehearsed);
  CHECK_THAT(*rehearsed, EndsWith("; GET " + probed.settings.url + ": 200"));
  CHECK(probed.server.requests().size() == 1);
}

TEST_CASE("the health check goes past the proxy") {
  Probed probed(Script{});
  configuration::HttpSettings http;
  http.proxy = configuration::ProxySettings{"127.0.0.1", 1, ""};
  // Loopback hosts are always reached directly; this address is the same host by another name, for which there must be
  // TLS, which the server does not answer.
  probed.settings.url = "https://0.0.0.0:" + std::to_string(probed.server.port()) + "/";
  CHECK_THAT(probed.verify(http), ContainsSubstring("no answer within"));
  CHECK(probed.server.connections() > 0);
}

TEST_CASE("a health check that is under way can be cancelled") {
  Loop loop;
  Script script{.response = "", .ending = Ending::silence};
  script.on_request = [&loop] { loop.cancel(); };
  TestServer server(loop.io, script);
  configuration::HttpProbeSettings settings;
  settings.url = server.url();
  const auto gateway = make_gateway(loop.io.get_executor(), {.verify_timeout = 1h, .http_probe = settings}, {}, {}, {});
  const auto verified = loop.finish(gateway->verify({}));
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::cancelled);
}
