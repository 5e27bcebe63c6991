#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "http/proxy_tunnel.hpp"
#include "http/request_text.hpp"
#include "support/command.hpp"
#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Not a loopback address for the client, so that it uses the proxy; for Linux it is this host.
constexpr const char* kTarget = "0.0.0.0";
constexpr const char* kEstablished = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";

void use_proxy(Fixture& fixture, std::uint16_t port, const std::string& user = "", const std::string& password = "") {
  fixture.settings.proxy = configuration::ProxySettings{"127.0.0.1", port, user};
  fixture.settings.proxy_password.reset();
  if (!password.empty()) {
    write_file(fixture.ca.path("proxy-password"), password);
    fixture.settings.proxy_password =
        SecretSource{SecretSource::Kind::file, fixture.ca.path("proxy-password"), Secret()};
  }
}

Script proxy_script(const Fixture& fixture, const std::string& response) {
  Script script = fixture.script();
  script.proxy_response = response;
  return script;
}

std::string refusal(const std::string& response, const std::string& user = "") {
  Fixture fixture;
  TestServer proxy(fixture.io, proxy_script(fixture, response));
  use_proxy(fixture, proxy.port(), user, user.empty() ? "" : "pass");
  const std::string text = outcome(fixture.post("https://cloud.example/renew"));
  CHECK(proxy.requests().empty());
  const std::string prefix =
      "POST https://cloud.example/renew: opening a tunnel to cloud.example:443 through proxy 127.0.0.1:" +
      std::to_string(proxy.port()) + ": ";
  const auto at = text.find(prefix);
  return at == std::string::npos ? text : text.substr(0, at) + text.substr(at + prefix.size());
}

// tinyproxy cannot choose a port itself: use one that was free a moment ago.
class Tinyproxy {
 public:
  explicit Tinyproxy(asio::io_context& io) {
    port = tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
    write_file(directory_ / "conf", "Port " + std::to_string(port) +
                                        "\nListen 127.0.0.1\nTimeout 20\nAllow 127.0.0.1\nMaxClients 5\n"
                                        "BasicAuth user password\n");
    process_ =
        std::make_unique<BackgroundProcess>(std::vector<std::string>{"tinyproxy", "-d", "-c", directory_ / "conf"});
    process_->wait_for_output([](const std::string& text) { return text.find("Accepting") != std::string::npos; });
  }
  std::uint16_t port = 0;

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<BackgroundProcess> process_;
};

}  // namespace

TEST_CASE("credentials that a proxy repeats are redacted") {
  const std::string prefix = "proxy: HTTP ";
  // "user:pass" in base64.
  CHECK(refusal("HTTP/1.1 503 Who is user:pass?\r\n\r\n", "user") == prefix + "503 Who is user:[proxy password]?");
  CHECK(refusal("HTTP/1.1 403 No dXNlcjpwYXNz here\r\n\r\n", "user") == prefix + "403 No [proxy password] here");
  CHECK(refusal("SSH-2.0 user%3Ap%61ss\r\n\r\n", "user") ==
        "proxy: its response is not HTTP: SSH-2.0 user%3A[proxy password]");
}

TEST_CASE("opens a tunnel through the proxy, and sends the token only through the tunnel") {
  Fixture fixture;
  TestServer proxy(fixture.io, proxy_script(fixture, kEstablished));
  use_proxy(fixture, proxy.port());
  const std::string host = GENERATE(as<std::string>{}, "0.0.0.0", "[::ffff:127.0.0.1]");
  fixture.settings.ca_file = fixture.ca.file();
  const auto response = fixture.post("https://" + host + "/renew");
  CHECK(proxy.connects().at(0) == "CONNECT " + host + ":443 HTTP/1.1\r\nHost: " + host +
                                      ":443\r\nUser-Agent: " + http::user_agent() + "\r\n\r\n");
  CHECK_THAT(http::user_agent(), StartsWith("gravitee-renewd/"));
  if (host == kTarget) {
    REQUIRE(outcome(response) == "ok");
    CHECK_THAT(proxy.requests().at(0), ContainsSubstring("\r\nHost: 0.0.0.0\r\n"));
  } else {
    CHECK_THAT(outcome(response), ContainsSubstring("IP address mismatch"));  // connected, but rejected
  }
}

TEST_CASE("authenticates to the proxy with the current password") {
  Fixture fixture;
  TestServer proxy(fixture.io, proxy_script(fixture, kEstablished));
  use_proxy(fixture, proxy.port(), "user", "pass:word\n");
  REQUIRE(outcome(fixture.post("https://0.0.0.0:8443/renew")) == "ok");
  CHECK(proxy.connects().at(0) ==
        "CONNECT 0.0.0.0:8443 HTTP/1.1\r\nHost: 0.0.0.0:8443\r\nUser-Agent: " + http::user_agent() +
            "\r\nProxy-Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n\r\n");
  CHECK(proxy.requests().at(0).find("Proxy-") == std::string::npos);

  write_file(fixture.ca.path("proxy-password"), "new");
  REQUIRE(outcome(fixture.post("https://0.0.0.0:8443/renew")) == "ok");
  CHECK_THAT(proxy.connects().at(1), ContainsSubstring("Basic dXNlcjpuZXc=\r\n"));

  std::filesystem::remove(fixture.ca.path("proxy-password"));
  CHECK_THAT(outcome(fixture.post("https://0.0.0.0:8443/renew")), ContainsSubstring("proxy: "));
}

TEST_CASE("refuses a user name that Basic authentication cannot carry") {
  Fixture fixture;
  TestServer proxy(fixture.io, proxy_script(fixture, kEstablished));
  use_proxy(fixture, proxy.port(), "us:er", "pass");
  CHECK_THAT(outcome(fixture.post("https://0.0.0.0/")), ContainsSubstring("RFC 7617"));
}

TEST_CASE("loopback hosts are reached without the proxy") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  use_proxy(fixture, 1);
  CHECK(outcome(fixture.post(server.url())) == "ok");
  CHECK(outcome(fixture.post(server.url("/", "127.0.0.1"))) == "ok");
}

TEST_CASE("a password that cannot be sent reaches no proxy") {
  Fixture fixture;
  TestServer proxy(fixture.io, proxy_script(fixture, kEstablished));
  use_proxy(fixture, proxy.port(), "user", "two\nlines\n");
  CHECK_THAT(outcome(fixture.post("https://cloud.example/renew")), ContainsSubstring("control character"));
  CHECK(proxy.requests().empty());
}

TEST_CASE("explains why the proxy refuses") {
  CHECK(refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") ==
        "proxy: it requires a user name and a password; set both (http.proxy, http.proxy_password)");
  CHECK(refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "user") ==
        "proxy: it rejected user user or http.proxy_password");
  CHECK(refusal("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n\r\n", "user") ==
        "proxy: it rejected user user or http.proxy_password");
  CHECK(refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!") == "proxy: HTTP 403 Forbidden: no!");
  CHECK(refusal("HTTP/1.1 502 \x1b[31mBad\r\n\r\n") == "proxy: HTTP 502 \\x1b[31mBad");
  CHECK(refusal("SSH-2.0-OpenSSH\x07\r\n\r\n") == "proxy: its response is not HTTP: SSH-2.0-OpenSSH\\x07");
  CHECK(refusal("HTTP/1.1 abc\r\n\r\n") == "proxy: its response is not HTTP: HTTP/1.1 abc");
  CHECK(refusal("HTTP/1.1 40\r\n\r\n") == "proxy: its response is not HTTP: HTTP/1.1 40");
  CHECK(refusal("HTTP/1.1 403 cut\r\n") == "proxy: waiting for its response: it closed the connection");
  CHECK(refusal("HTTP/1.1 403 " + std::string(310'000, 'x') + "\r\n\r\n") ==
        "proxy: its response header is larger than 300 KiB");
}

TEST_CASE("an unreachable proxy is a failure of kind proxy") {
  Fixture fixture;
  {
    const TestServer gone(fixture.io, Script());
    use_proxy(fixture, gone.port());
  }
  fixture.io.poll();
  const std::string refused = outcome(fixture.post("https://cloud.example/"));
  CHECK_THAT(refused, ContainsSubstring("proxy: POST https://cloud.example/: proxy 127.0.0.1:"));
  CHECK_THAT(refused, ContainsSubstring("Connection refused"));
  fixture.settings.proxy->host = "proxy..invalid";
  CHECK_THAT(outcome(fixture.post("https://cloud.example/")), ContainsSubstring("looking up proxy..invalid: "));
}

TEST_CASE("a silent proxy ends at the connect timeout") {
  Fixture fixture;
  Script script = fixture.script();
  script.silent_proxy = true;
  script.ending = Ending::silence;
  TestServer proxy(fixture.io, script);
  use_proxy(fixture, proxy.port());
  fixture.settings.connect_timeout = std::chrono::seconds{1};
  CHECK_THAT(outcome(fixture.post("https://cloud.example/")),
             ContainsSubstring("timeout: POST https://cloud.example/: ") && ContainsSubstring("proxy 127.0.0.1:"));
}

TEST_CASE("bytes after the proxy's header belong to the tunnel") {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  // The header and the bytes after it arrive together.
  asio::write(server, asio::buffer(std::string(kEstablished) + "first words"));
  auto tunnel = http::open_tunnel(client, "cloud.example:443", {"127.0.0.1", 1, ""}, std::nullopt);
  const auto opened = run_in(io, std::move(tunnel));
  REQUIRE(outcome(opened) == "ok");
  std::string words(11, '\0');
  asio::read(client, asio::buffer(words));
  CHECK(words == "first words");
}

TEST_CASE("works with a real proxy") {
  if (!have_program("tinyproxy")) {
    WARN("skipped: tinyproxy is not installed");
    return;
  }
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const Tinyproxy proxy(fixture.io);
  const std::string url = server.url("/renew", kTarget);
  use_proxy(fixture, proxy.port, "user", "password");
  const auto response = fixture.post(url);
  REQUIRE(outcome(response) == "ok");
  CHECK(response->body == "OK");
  CHECK(server.requests().size() == 1);

  use_proxy(fixture, proxy.port, "user", "wrong");
  CHECK_THAT(outcome(fixture.post(url)), ContainsSubstring("proxy: "));
  use_proxy(fixture, proxy.port);
  CHECK_THAT(outcome(fixture.post(url)), ContainsSubstring("proxy: "));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a proxy's response may have every form that a server's may have") {
  const std::string answer = GENERATE(
      as<std::string>{}, "HTTP/1.1 200\r\n\r\n", "HTTP/1.0 200 Connection established\n\n",
      "HTTP/1.1 200 OK\nVia: x\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 299 Fine\r\nno field\r\nA : b\r\n c\r\n\r\n");
  INFO(answer);
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  asio::write(server, asio::buffer(answer + "first words"));
  auto tunnel = http::open_tunnel(client, "cloud.example:443", {"127.0.0.1", 1, ""}, std::nullopt);
  const auto opened = run_in(io, std::move(tunnel));
  REQUIRE(outcome(opened) == "ok");
  std::string words(11, '\0');
  asio::read(client, asio::buffer(words));
  CHECK(words == "first words");
}

TEST_CASE("names the authentication schemes of a proxy without Basic") {
  const auto refused = [](const std::string& fields, const std::string& user) {
    return refusal("HTTP/1.1 407 Who?\n" + fields + "Content-Length: 0\n\n", user);
  };
  for (const std::string user : {"", "user"}) {
    INFO(user);
    CHECK_THAT(refused("Proxy-Authenticate: Negotiate\nProxy-Authenticate: NTLM\n", user),
               StartsWith("proxy: ") && ContainsSubstring(" Negotiate, NTLM ") && ContainsSubstring(" Basic"));
    CHECK_THAT(
        refused("proxy-authenticate: Digest realm=\"a, Basic b\", nonce = \"\\\", Basic\", NTLM TlRM==, ntlm\n", user),
        StartsWith("proxy: ") && ContainsSubstring(" Digest, NTLM "));
  }
  const std::string both = "Proxy-Authenticate: Negotiate, basic realm=\"x\"\n";
  CHECK_THAT(refused(both, ""), StartsWith("proxy: ") && ContainsSubstring("(http.proxy, http.proxy_password)"));
  CHECK_THAT(refused(both, "user"), StartsWith("proxy: ") && ContainsSubstring("user user or http.proxy_password"));
}

TEST_CASE("a proxy's error page is quoted if it says more than the status") {
  CHECK(refusal("HTTP/1.1 503\r\nContent-Type: text/html\r\n\r\n<html><title>Quota  &amp; more</title>x</html>") ==
        "proxy: HTTP 503: Quota & more");
  CHECK(refusal("HTTP/1.1 503 No\nX-Squid-Error: ERR_DNS_FAIL 0\nContent-Length: 2\n\nNo") ==
        "proxy: HTTP 503 No (ERR_DNS_FAIL): No");
  CHECK(refusal("HTTP/1.1 503 No\nX-Squid-Error: dXNlcjpwYXNz\nContent-Length: 0\n\n", "user") ==
        "proxy: HTTP 503 No ([proxy password])");
  CHECK(refusal("HTTP/1.1 403 Forbidden\nTransfer-Encoding: chunked\n\n9\nForbidden\n0\n\n") ==
        "proxy: HTTP 403 Forbidden");
  CHECK(refusal("HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nyo") == "proxy: HTTP 403 No");
  CHECK(refusal("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nuser:pass", "user") ==
        "proxy: HTTP 403 No: user:[proxy password]");
  CHECK_THAT(refusal(std::string("\x15\x03\x03\x00\x02\x02\x46", 7)),
             StartsWith("proxy: ") && ContainsSubstring("TLS"));
}

TEST_CASE("a proxy that refuses without ending its page does not delay the error") {
  Fixture fixture;
  Script script = proxy_script(fixture, "HTTP/1.1 403 Forbidden\r\n\r\n<html>");
  script.ending = Ending::silence;
  TestServer proxy(fixture.io, script);
  use_proxy(fixture, proxy.port());
  CHECK_THAT(outcome(fixture.post("https://cloud.example/")), EndsWith(": HTTP 403 Forbidden"));
}
