// Positions: on the network, at the proxy, impersonating the cloud, reading the metrics. More of them, which the
// simulator can play, are in tests/matrix and tests/integration/server_faults_test.cpp and hostile_clients_test.cpp.

#include <sys/stat.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include "integration/watching.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "unit/http/scripted_server.hpp"
#include "unit/http/test_ca.hpp"

using namespace renewd::testing;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr const char* kNames = "DNS:localhost,IP:127.0.0.1,DNS:cloud.example";
constexpr const char* kCloud = "https://cloud.example";

using Attacker = ScriptedServer;

void ask(Host& host, const std::string& url, const std::vector<std::string>& http) {
  const Extra extra{.certificate = {}, .keystore = {}, .http = http};
  host.write_configuration(host.certificate_yaml("production", url + "/management/accounts/" + kAccount, extra), extra);
}

std::vector<std::string> trusting(const TestCa& ca) {
  return {"ca_file: " + ca.file().string()};
}

std::vector<std::string> through(const Host& host, const TestCa& ca, std::uint16_t port) {
  return {"ca_file: " + ca.file().string(), "proxy: \"http://proxy@127.0.0.1:" + std::to_string(port) + "\"",
          "proxy_password: {file: " + (host / "proxy-password").string() + "}"};
}

// A renewal fails, with this class, and leaves the keystore alone. Returns its message.
std::string failure_of(Host& host, const std::string& expected_class) {
  const Snapshot before = snapshot(host.keystore());
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const auto failed = find_event(parse_events(result.errors), "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == expected_class);
  CHECK(snapshot(host.keystore()) == before);
  CHECK(host.restarts() == 0);
  return field(*failed, "message");
}

std::filesystem::path self_signed(const TestCa& ca) {
  const auto pem = ca.path("self-signed.pem");
  run_or_throw({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", ca.path("self-signed.key").string(), "-out", pem.string(), "-subj", "/CN=localhost",
                "-addext", std::string("subjectAltName=") + kNames});
  write_file(pem, read_file(pem) + read_file(ca.path("self-signed.key")));
  return pem;
}

struct Impostor {
  std::string what;
  std::filesystem::path certificate;
  int tls_version = 0;
};

// `proxy_response`: the one in the middle is the proxy.
void check_impostors(const std::string& proxy_response) {
  const TestCa ca;
  const TestCa another_ca;
  // issue() writes to one file a CA.
  const auto kept = [&](const std::string& name, const std::filesystem::path& issued) {
    std::filesystem::copy_file(issued, ca.path(name));
    return ca.path(name);
  };
  const std::vector<Impostor> impostors{
      {"a certificate for another name", kept("other.pem", ca.issue("DNS:other.example"))},
      {"a common name instead of a name", kept("common.pem", ca.issue("", 30, "/CN=localhost"))},
      {"an expired certificate", kept("expired.pem", ca.issue(kNames, -1))},
      {"a certificate of another CA", another_ca.issue(kNames)},
      {"a self-signed certificate", self_signed(ca)},
      {"TLS 1.1", kept("good.pem", ca.issue(kNames)), TLS1_1_VERSION}};
  for (const auto& [what, certificate, version] : impostors) {
    INFO(what);
    Script script;
    script.certificate = certificate;
    script.tls_version = version;
    script.proxy_response = proxy_response;
    Attacker attacker(script);
    Host host;
    if (proxy_response.empty()) {
      ask(host, attacker.url(), trusting(ca));
    } else {
      ask(host, kCloud, through(host, ca, attacker.port()));
    }
    failure_of(host, "tls");
    CHECK(attacker.finished().connections() == 1);
    CHECK(attacker.finished().requests().empty());
    for (const auto& connect : attacker.finished().connects()) {
      CHECK_FALSE(contains(connect, kAccountToken));
    }
  }
}

std::string answer_of(std::uint16_t port, const std::string& request) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(request));
  std::string answer;
  boost::system::error_code ended;
  asio::read(socket, asio::dynamic_buffer(answer), ended);
  return answer;
}

}  // namespace

TEST_CASE("a man in the middle without the cloud's certificate gets no request") {
  check_impostors("");
}

TEST_CASE("an intercepting proxy that is not trusted gets no request") {
  check_impostors("HTTP/1.1 200 Connection established\r\n\r\n");
}

TEST_CASE("a redirect does not get the token, and a header that repeats the token is logged without it") {
  const TestCa ca;
  Script listening;
  listening.certificate = ca.issue(kNames);
  Attacker other(listening);
  for (const std::string status : {"301 Moved", "303 See Other", "307 Temporary", "308 Permanent"}) {
    INFO(status);
    Script script = listening;
    script.response = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nLocation: " + other.url() +
                      "/?token=" + kAccountToken + "&again=token%2d4kQz7-of-the-account\r\n\r\n";
    Attacker attacker(script);
    Host host;
    ask(host, attacker.url(), trusting(ca));
    const std::string message = failure_of(host, "client_error");
    CHECK_THAT(message, ContainsSubstring("/?token=[token]&again=[token]"));
    CHECK(attacker.finished().requests().size() == 1);
  }
  CHECK(other.finished().connections() == 0);
}

TEST_CASE("a proxy that answers CONNECT with anything but a tunnel gets nothing but the name of the cloud") {
  const TestCa ca;
  struct Case {
    std::string response, repeat, expected_class, words;
  };
  const std::string open = "HTTP/1.1 200 OK\r\n\r\n";
  const std::vector<Case> cases{
      {std::string("\0\xff\x1b[2J\r\n\r\n", 10), "", "proxy", "its response is not HTTP: \\x00\\xff\\x1b[2J"},
      {"HTTP/1.1 407 Who?\r\nA: ", "without end", "proxy", "larger than 300 KiB"},
      {open, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nTUlJ", "tls", "TLS handshake with cloud.example:443"},
      {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", "", "proxy", "HTTP 302 Found"},
      {std::string("HTTP/1.1 503 For proxy:") + kProxyPassword + "\r\n\r\n", "", "proxy",
       "503 For proxy:[proxy password]"},
      {"HTTP/1.1 503 cHJveHk6cGFzc3dvcmQtNnRSdjEtb2YtdGhlLXByb3h5\r\n\r\n", "", "proxy", "503 [proxy password]"},
  };
  for (const auto& [response, repeat, expected_class, words] : cases) {
    INFO(words);
    Script script;
    script.proxy_response = response;
    script.repeat = repeat;
    script.ending = repeat.empty() ? Ending::hang_up : Ending::and_again;
    script.no_handshake = true;
    Attacker attacker(script);
    Host host;
    ask(host, kCloud, through(host, ca, attacker.port()));
    CHECK_THAT(failure_of(host, expected_class), ContainsSubstring(words));
    REQUIRE(attacker.finished().connects().size() == 1);
    CHECK_FALSE(contains(attacker.finished().connects()[0], kAccountToken));
  }
}

TEST_CASE("a token in an error of the cloud is not logged, in any encoding") {
  TemporaryDirectory directory;
  for (const std::string body :
       {"<p>token-4kQz7<b>-of-the</b>-account</p>", "&#116;oken-4kQz7&#x2d;of&amp;#45;the-account is bad",
        R"({"message": "token\u002d4kQz7-of-the-account"})", R"({"error": "tok\u0065n-4kQz7-of-the-account"})",
        "token-4kQz7\r\n -of-the-\r\n account", "%74oken-4kQz7-of-the-account", "TOKEN-4KQZ7-OF-THE-ACCOUNT"}) {
    INFO(body);
    write_file(directory / "body", body);
    Host host({"--status", "400", "--body", (directory / "body").string()});
    const std::string message = failure_of(host, "client_error");
    CHECK_THAT(message, ContainsSubstring("[token]") && !ContainsSubstring("4kQz7") && !ContainsSubstring("4KQZ7"));
  }
}

TEST_CASE("secrets that a command prints do not reach the log") {
  Host host;
  const std::string files = (host / "token").string() + ", " + (host / "password").string();
  host.configure(
      {.certificate = {"gateway: {command: {argv: [/bin/cat, " + files + "]}}"}, .keystore = {}, .http = {}});
  const CommandResult result = host.renew();
  CHECK(result.status == 0);
  const auto output = find_event(parse_events(result.errors), "gateway_output");
  REQUIRE(output);
  CHECK(field(*output, "message") == "[token]");
  CHECK_THAT(result.errors, ContainsSubstring("[keystore password]"));
}

TEST_CASE("nothing waits for a FIFO in place of a configured file") {
  struct Case {
    std::string what, certificate, keystore, http;
  };
  Host host;
  const std::string fifo = (host / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const std::vector<Case> cases{
      {"http.ca_file", "", "", "ca_file: " + fifo},
      {"keystore.ca_file", "", "ca_file: " + fifo, ""},
      {"the pid file", "gateway: {signal: {pid_file: " + fifo + ", signal: SIGUSR1}}", "", ""},
      {"the log", "gateway: {command: {argv: [/bin/true]}, verify: {log: {file: " + fifo + ", ready: x}}}", "", ""}};
  for (const auto& [what, certificate, keystore, http] : cases) {
    INFO(what);
    Extra extra;
    if (!certificate.empty()) {
      extra.certificate = {certificate};
    }
    if (!keystore.empty()) {
      extra.keystore = {keystore};
    }
    if (!http.empty()) {
      extra.http = {http};
    }
    host.configure(extra);
    // Each has a deadline, which is an exception.
    const CommandResult rehearsed = host.renew({"--dry-run"});
    CHECK(rehearsed.status == 1);
    CHECK_THAT(rehearsed.output, ContainsSubstring(fifo + ": not a regular file"));
    std::vector<std::string> validate = host.renew_command();
    validate.back() = "validate";
    CHECK(run(validate).status == 0);
  }
  host.configure();
  std::filesystem::rename(fifo, host / "token");
  CHECK(host.renew({"--dry-run"}).status == 1);
  std::filesystem::rename(host / "token", fifo);
  std::filesystem::rename(fifo, host.keystore());
  CHECK(host.renew().status == 1);
  std::vector<std::string> another = host.renew_command();
  *(another.end() - 2) = host.keystore().string();
  CHECK(run(another).status == 2);
}

TEST_CASE("a web page that calls this host by a name of its own reads no metrics") {
  Host host({"--initial-days", "200"});
  const auto port = free_port();
  monitor(host, listen_on(port));
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  for (const std::string path : {"/", "/metrics", "/healthz"}) {
    INFO(path);
    const std::string asked = "GET " + path + " HTTP/1.1\r\n";
    const std::string name = "evil.example:" + std::to_string(port);
    const std::string refused = answer_of(port, asked + "Host: " + name + "\r\nOrigin: http://" + name + "\r\n\r\n");
    CHECK_THAT(refused, StartsWith("HTTP/1.1 421 "));
    CHECK_FALSE(contains(refused, "production"));
    CHECK(refused.size() < 700);
    CHECK_THAT(answer_of(port, asked + "\r\n"), StartsWith("HTTP/1.1 400 "));
    CHECK_THAT(answer_of(port, asked + "Host: localhost\r\nHost: evil.example\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    CHECK_THAT(answer_of(port, asked + "Host: localhost\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    CHECK_THAT(answer_of(port, "GET " + path + " HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  }
  const std::string socket = (host / "metrics.sock").string();
  monitor(host, "{listen: \"unix:" + socket + "\"}");
  reload(daemon, 1);
  CHECK(curl({"--fail", "--unix-socket", socket, "http://any.example/healthz"}).output == "ok\n");
  stop(daemon);
}
