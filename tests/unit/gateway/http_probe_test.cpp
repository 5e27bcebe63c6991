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

// What is known of a gateway that is no unit, by its health check alone.
Examination examined(Loop& loop, Gateway& gateway) {
  return loop.finish(gateway.state(kHealthTimeout)).value();
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
  // The message of a verification.
  std::string verify(const configuration::HttpSettings& http = {}) {
    const auto verified = loop.finish(gateway(http)->verify({}));
    CHECK((verified || verified.error().kind == ErrorKind::gateway));
    return verified ? verified->message : verified.error().message;
  }

  Loop loop;
  TestServer server;
  configuration::HttpProbeSettings settings;
};

}  // namespace

TEST_CASE("the health check passes only on the expected status") {
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

TEST_CASE("an unhealthy gateway is reported with the reason") {
  struct Case {
    std::string response;
    std::string reason;
  };
  const std::vector<Case> cases{
      {answer("500 Error", R"({"repository":{"healthy":false,"message":"Connection\nrefused"},"http":{"healthy":true},)"
                           R"("sync":{"healthy":false},"other":7})"),
       "repository (Connection refused), sync"},
      {answer("500 Error", R"({"http":{"healthy":true}})"), R"(HTTP 500 instead of 200: {"http":{"healthy":true}})"},
      {answer("503 Busy", "<p>\x1b[31mbusy" + std::string(10'000, '!')),
       R"(HTTP 503 instead of 200: <p>\x1b[31mbusy!!)"},
      {answer("502 Bad Gateway"), "HTTP 502 instead of 200"},
      {answer("302 Found\r\nLocation: /elsewhere"), "HTTP 302 instead of 200"},
      {answer("401 Unauthorized"), "HTTP 401 instead of 200: "},
      {answer("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x, y\", Digest nonce=\"z\""), "Bearer, Digest"},
      {answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\""), "HTTP 401 instead of 200: "},
      {"nonsense\r\n\r\n", "HTTP"},
      {"", "connection"},
  };
  for (const auto& [response, reason] : cases) {
    CAPTURE(response.substr(0, 100));
    Probed probed(Script{.response = response});
    const auto rehearsed = probed.loop.finish(probed.gateway()->rehearse());
    REQUIRE_FALSE(rehearsed);
    CHECK(rehearsed.error().kind == ErrorKind::gateway);
    CHECK_THAT(rehearsed.error().message, StartsWith("GET " + probed.settings.url) && ContainsSubstring(reason));
    CHECK(rehearsed.error().message.size() < 300);
  }
}

TEST_CASE("an unhealthy gateway is checked again until the timeout") {
  Probed probed(Script{.response = answer("503 Busy")});
  CHECK_THAT(probed.verify(), ContainsSubstring("1 s: GET ") && EndsWith("HTTP 503 instead of 200"));
  CHECK(probed.server.connections() > 1);
}

TEST_CASE("a gateway that does not listen, or does not respond, is unhealthy") {
  Probed silent(Script{.response = "", .ending = Ending::silence});
  CHECK_THAT(silent.verify(), ContainsSubstring("1 s: GET " + silent.settings.url));
  silent.settings.url = "http://127.0.0.1:1/";
  CHECK_THAT(silent.verify(), ContainsSubstring("connecting to 127.0.0.1:1") && ContainsSubstring("refused"));
}

TEST_CASE("username and password are sent, and read again for each request") {
  const renewd::testing::TemporaryDirectory directory;
  write_file(directory / "password", "first\n");
  Probed probed(Script{.response = answer("403 Forbidden")});
  probed.settings.username = "admin";
  probed.settings.password =
      SecretSource{.kind = SecretSource::Kind::file, .name = (directory / "password").string(), .value = {}};
  const auto gateway = probed.gateway();
  const auto refused = probed.loop.finish(gateway->rehearse());
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("HTTP 403 instead of 200: "));
  CHECK_THAT(probed.server.requests().at(0), ContainsSubstring("\r\nAuthorization: Basic YWRtaW46Zmlyc3Q=\r\n"));
  write_file(directory / "password", "second\n");
  CHECK_FALSE(probed.loop.finish(gateway->rehearse()));
  CHECK_THAT(probed.server.requests().at(1), ContainsSubstring("\r\nAuthorization: Basic YWRtaW46c2Vjb25k\r\n"));

  // A password with a control character is not sent at all.
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

TEST_CASE("a health check that cannot be made says nothing about the gateway, and how it can be made") {
  const renewd::testing::TemporaryDirectory directory;
  Probed probed(Script{.response = answer(GENERATE("401 Unauthorized", "403 Forbidden"))});
  const auto gateway_is_unknown = [&](const std::string& advice) {
    const Examination found = examined(probed.loop, *probed.gateway());
    CHECK_FALSE(found.state);
    REQUIRE(found.health_check_problem);
    CHECK_THAT(found.health_check_problem->message, StartsWith("GET"));
    CHECK_THAT(found.health_check_problem->advice, ContainsSubstring(advice));
  };
  gateway_is_unknown("set gateway.verify.http.username and gateway.verify.http.password");
  probed.settings.username = "admin";
  probed.settings.password =
      SecretSource{.kind = SecretSource::Kind::file, .name = (directory / "password").string(), .value = {}};
  gateway_is_unknown("correct its path in the configuration");
  write_file(directory / "password", "rotated\n");
  gateway_is_unknown("set gateway.verify.http.username, and the password in file " + (directory / "password").string());
  probed.settings.password.reset();
  probed.settings.url = GENERATE("https://no-such-host.invalid/", "http://no-such-host.invalid/");
  gateway_is_unknown("correct the URL of gateway.verify.http");
}

TEST_CASE("the health check alone decides about a gateway that is no unit") {
  Probed good(Script{.response = answer("200 OK")});
  CHECK(examined(good.loop, *good.gateway()).state.value().health == Health::up);
  Probed bad(Script{.response = answer("503 Busy")});
  const Examination found = examined(bad.loop, *bad.gateway());
  CHECK(found.state.value().health == Health::unhealthy);
  CHECK_FALSE(found.health_check_problem);
  const auto not_asked = bad.loop.finish(bad.gateway()->state(std::nullopt));
  CHECK_FALSE(not_asked.value().state);
}

TEST_CASE("a response that repeats the password is quoted without it") {
  // "admin:gr8-pass" in base64.
  for (const std::string& body :
       {std::string("not for admin:gr8-pass"), std::string("Authorization: Basic YWRtaW46Z3I4LXBhc3M="),
        std::string(R"({"http":{"healthy":false,"message":"gr8\u002dpass"}})"), std::string(150, '!') + "gr8-pass"}) {
    Probed probed(Script{.response = answer("500 Error", body)});
    probed.settings.username = "admin";
    probed.settings.password = SecretSource{SecretSource::Kind::value, "", Secret("gr8-pass")};
    const auto rehearsed = probed.loop.finish(probed.gateway()->rehearse());
    REQUIRE_FALSE(rehearsed);
    INFO(rehearsed.error().message);
    CHECK_THAT(rehearsed.error().message, ContainsSubstring("[health") && !ContainsSubstring("gr8") &&
                                              !ContainsSubstring("YWRt") && !ContainsSubstring("pass]s"));
  }
}

TEST_CASE("a rehearsal sends one request") {
  Probed probed(Script{.response = answer("200 OK")});
  const auto rehearsed = probed.loop.finish(probed.gateway()->rehearse());
  REQUIRE(rehearsed);
  CHECK_THAT(*rehearsed, EndsWith("; GET " + probed.settings.url + ": 200"));
  CHECK(probed.server.requests().size() == 1);
}

TEST_CASE("the health check bypasses the proxy") {
  Probed probed(Script{});
  configuration::HttpSettings http;
  http.proxy = configuration::ProxySettings{"127.0.0.1", 1, ""};
  // Loopback hosts are never reached through a proxy. This address is the same host, but needs TLS, to which the server
  // does not respond.
  probed.settings.url = "https://0.0.0.0:" + std::to_string(probed.server.port()) + "/";
  CHECK_THAT(probed.verify(http), ContainsSubstring("1 s: GET " + probed.settings.url));
  CHECK(probed.server.connections() > 0);
}

TEST_CASE("a running health check can be cancelled") {
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
