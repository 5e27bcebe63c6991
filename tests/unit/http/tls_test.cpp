#include "http/tls.hpp"

#include <sys/stat.h>

#include <cstdlib>

#include <openssl/ssl.h>

#include "support/command.hpp"
#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

const std::string kMismatch = "hostname mismatch";

// Sets an environment variable for a scope.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("refuses a server certificate for another host") {
  Fixture fixture;
  struct Case {
    std::string names, host, cause;
  };
  const auto wrong = GENERATE(values<Case>({{"DNS:other.example", "localhost", kMismatch},
                                            {"DNS:l*", "localhost", kMismatch},
                                            {"DNS:localhost", "127.0.0.1", "IP address mismatch"},
                                            {"IP:127.0.0.2", "127.0.0.1", "IP address mismatch"}}));
  Script script;
  script.certificate = fixture.ca.issue(wrong.names);
  TestServer server(fixture.io, script);
  const auto response = fixture.post(server.url("/", wrong.host));
  CHECK(outcome(response) == "tls: POST " + server.url("/", wrong.host) + ": TLS handshake with " + wrong.host + ":" +
                                 std::to_string(server.port()) + ": the server's certificate is not trusted: " +
                                 wrong.cause + " (issued by CN=Test CA)");
  CHECK(server.requests().empty());
}

TEST_CASE("the common name is ignored") {
  Fixture fixture;
  Script script;
  script.certificate = fixture.ca.issue("", 30, "/CN=localhost");
  TestServer server(fixture.io, script);
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("hostname mismatch"));
  CHECK(server.requests().empty());
}

TEST_CASE("accepts a server certificate for the address in the URL, without SNI") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  CHECK(outcome(fixture.post(server.url("/", "127.0.0.1"))) == "ok");
  CHECK(server.server_name().empty());
}

TEST_CASE("SNI and verification ignore case and a final dot") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const std::string host = GENERATE("localhost.", "LocalHost", "LOCALHOST.");
  INFO(host);
  REQUIRE(outcome(fixture.post(server.url("/", host))) == "ok");
  CHECK(server.server_name() == "localhost");
  CHECK_THAT(server.requests().at(0), ContainsSubstring("\r\nHost: localhost:"));
}

TEST_CASE("refuses an expired server certificate") {
  Fixture fixture;
  Script script;
  script.certificate = fixture.ca.issue(kLoopbackNames, -1);
  TestServer server(fixture.io, script);
  const auto response = fixture.post(server.url());
  CHECK_THAT(outcome(response), ContainsSubstring("tls: "));
  CHECK_THAT(outcome(response), ContainsSubstring("certificate has expired") && ContainsSubstring("clock"));
  // Not: trust it.
  CHECK_THAT(response.error().advice, ContainsSubstring("timedatectl") && !ContainsSubstring("ca_file"));
}

TEST_CASE("trusts only the CA file") {
  Fixture fixture;
  const TestCa other;
  TestServer server(fixture.io, fixture.script());
  const Variable system("SSL_CERT_FILE", fixture.ca.file());
  fixture.settings.ca_file = other.file();
  const auto response = fixture.post(server.url());
  CHECK_THAT(outcome(response), ContainsSubstring("tls: "));
  CHECK_THAT(outcome(response),
             ContainsSubstring("certificate is not trusted: ") && ContainsSubstring("(issued by CN=Test CA)"));
  // It replaces the system's, which therefore need no update.
  CHECK_THAT(response.error().advice, ContainsSubstring(other.file().string() + " (http.ca_file)") &&
                                          !ContainsSubstring("package ca-certificates"));
  CHECK(server.requests().empty());
}

TEST_CASE("the issuer of the server's certificate suffices, without its root") {
  Fixture fixture;
  const TestCa root;
  TestServer server(fixture.io, fixture.script());
  fixture.settings.ca_file = fixture.ca.issued_by(root);
  CHECK(outcome(fixture.post(server.url())) == "ok");
  fixture.settings.ca_file = root.file();
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("certificate is not trusted"));
  fixture.settings.ca_file.reset();
  const Variable system("SSL_CERT_FILE", fixture.ca.path("intermediate.pem"));
  CHECK(outcome(fixture.post(server.url())) == "ok");
}

TEST_CASE("honours the trust settings in a CA file") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const auto with_settings = [&](const std::vector<std::string>& settings) {
    const auto file = fixture.ca.path("trusted.pem");
    std::vector<std::string> command{"openssl", "x509", "-in", fixture.ca.file(), "-trustout", "-out", file};
    command.insert(command.end(), settings.begin(), settings.end());
    run_or_throw(command);
    CHECK_THAT(read_file(file), StartsWith("-----BEGIN TRUSTED CERTIFICATE-----"));
    fixture.settings.ca_file = file;
    return outcome(fixture.post(server.url()));
  };
  CHECK(with_settings({}) == "ok");
  CHECK(with_settings({"-addtrust", "serverAuth"}) == "ok");
  CHECK(with_settings({"-addreject", "clientAuth"}) == "ok");
  CHECK_THAT(with_settings({"-addreject", "serverAuth"}), ContainsSubstring("TLS servers"));
  CHECK_THAT(with_settings({"-addtrust", "clientAuth"}), ContainsSubstring("TLS servers"));
}

TEST_CASE("trusts the system's CA certificates without a CA file") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  fixture.settings.ca_file.reset();
  const auto response = fixture.post(server.url());
  CHECK_THAT(outcome(response), ContainsSubstring("certificate is not trusted"));
  CHECK_THAT(response.error().advice, ContainsSubstring("package ca-certificates"));
  const Variable system("SSL_CERT_FILE", fixture.ca.file());
  CHECK(outcome(fixture.post(server.url())) == "ok");
}

TEST_CASE("reads the CA file again for each exchange, and names one that it cannot read") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const auto file = fixture.ca.path("moved.pem");
  fixture.settings.ca_file = file;
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("trusted certificates from " + file.string()));
  write_file(file, "no certificate\n");
  CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("tls: "));
  write_file(file, read_file(fixture.ca.file()));
  CHECK(outcome(fixture.post(server.url())) == "ok");
}

TEST_CASE("supports only TLS 1.2 and 1.3") {
  Fixture fixture;
  Script script = fixture.script();
  SECTION("1.3") {
    script.tls_version = TLS1_3_VERSION;
    TestServer server(fixture.io, script);
    CHECK(outcome(fixture.post(server.url())) == "ok");
  }
  SECTION("1.2") {
    script.tls_version = TLS1_2_VERSION;
    TestServer server(fixture.io, script);
    CHECK(outcome(fixture.post(server.url())) == "ok");
  }
  SECTION("1.1") {
    script.tls_version = TLS1_1_VERSION;
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring("tls: "));
    CHECK(server.requests().empty());
  }
}

TEST_CASE("with TLS 1.2, accepts only forward secrecy and authenticated encryption") {
  Fixture fixture;
  Script script = fixture.script();
  script.tls_version = TLS1_2_VERSION;
  // The certificate's key is one of ECDSA.
  const auto [ciphers, accepted] = GENERATE(values<std::pair<std::string, bool>>(
      {{"ECDHE-ECDSA-AES128-GCM-SHA256", true},
       {"ECDHE-ECDSA-CHACHA20-POLY1305", true},
       {"ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA", false},
       {"ECDHE-ECDSA-AES128-CCM8", false},
       {"aNULL:@SECLEVEL=0", false}}));
  script.ciphers = ciphers;
  TestServer server(fixture.io, script);
  INFO(ciphers);
  const std::string result = outcome(fixture.post(server.url()));
  CHECK_THAT(result, StartsWith(accepted ? "ok" : "tls: "));
  CHECK(server.requests().size() == (accepted ? 1 : 0));
}

TEST_CASE("does not renegotiate") {
  auto context = http::make_tls_context(std::nullopt);
  REQUIRE(context);
  CHECK((SSL_CTX_get_options(context->native_handle()) & SSL_OP_NO_RENEGOTIATION) != 0);
}

TEST_CASE("a CA file that is a FIFO or too large is refused at once") {
  Fixture fixture;
  TestServer server(fixture.io, fixture.script());
  const auto file = fixture.ca.path("bundle");
  fixture.settings.ca_file = file;
  const std::string doing = "reading trusted certificates from " + file.string();
  SECTION("a fifo") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK_THAT(outcome(fixture.post(server.url())),
               ContainsSubstring(doing) && ContainsSubstring("not a regular file"));
  }
  SECTION("larger than any bundle") {
    write_file(file, read_file(fixture.ca.file()) + std::string(std::size_t{1024} * 1024, '\n'));
    CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring(doing));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that does not speak TLS fails the handshake") {
  Fixture fixture;
  const std::string prefix = "tls: POST https://localhost:";
  Script script;
  SECTION("it sends something else") {
    script.certificate = fixture.ca.issue(kLoopbackNames);
    script.no_handshake = true;
    script.ending = Ending::and_again;
    script.repeat = "220 mail.example ESMTP\r\n";
    TestServer server(fixture.io, script);
    CHECK_THAT(outcome(fixture.post(server.url())), ContainsSubstring(prefix));
  }
  SECTION("it closes the connection") {
    script.certificate = fixture.ca.issue(kLoopbackNames);
    script.no_handshake = true;
    script.ending = Ending::hang_up;
    TestServer server(fixture.io, script);
    const auto response = fixture.post(server.url());
    CHECK_THAT(outcome(response), ContainsSubstring(prefix));
    CHECK_THAT(outcome(response), ContainsSubstring("the server closed the connection during the handshake"));
  }
  SECTION("it resets the connection") {
    script.certificate = fixture.ca.issue(kLoopbackNames);
    script.no_handshake = true;
    script.ending = Ending::reset;
    TestServer server(fixture.io, script);
    const auto response = fixture.post(server.url());
    CHECK_THAT(outcome(response), ContainsSubstring(prefix));
    CHECK_THAT(outcome(response), ContainsSubstring("the server reset the connection during the handshake"));
  }
}
