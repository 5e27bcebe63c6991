#include "http/client_certificate.hpp"

#include <optional>

#include "support/command.hpp"
#include "unit/http/fixture.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

struct ClientCertificateFixture : Fixture {
  ClientCertificateFixture() {
    script_ = script();
    script_.client_ca = ca.file();
    keep_as("own.pem", script_.certificate);  // the next one is written to the same file
    script_.certificate = ca.path("own.pem");
    keep_as("client.pem", ca.issue("", 30, "/O=client"));
    certificate = {ca.path("client.pem"), ca.path("client.pem")};
  }

  void keep_as(const std::string& name, const std::filesystem::path& file) {
    write_file(ca.path(name), read_file(file));
  }

  std::string get(const TestServer& server) {
    http::HttpsClient client(io.get_executor(), settings, {certificate, false});
    const auto response = run_in(io, client.send({"GET", server.url(), {}, std::nullopt, ""}));
    advice = response ? "" : response.error().advice;
    return outcome(response);
  }

  Script script_;
  std::optional<http::ClientCertificate> certificate;
  std::string advice;
};

}  // namespace

TEST_CASE("presents the client certificate to a server that demands one") {
  ClientCertificateFixture fixture;
  TestServer server(fixture.io, fixture.script_);
  CHECK(fixture.get(server) == "ok");
  CHECK(server.client_subject() == "/O=client");
  fixture.certificate.reset();
  CHECK_THAT(fixture.get(server), StartsWith("tls: "));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("reads the client certificate again for each exchange") {
  ClientCertificateFixture fixture;
  TestServer server(fixture.io, fixture.script_);
  CHECK(fixture.get(server) == "ok");
  fixture.keep_as("client.pem", fixture.ca.issue("", 30, "/O=renewed"));
  CHECK(fixture.get(server) == "ok");
  CHECK(server.client_subject() == "/O=renewed");
}

TEST_CASE("names the file of a client certificate that cannot be used") {
  ClientCertificateFixture fixture;
  TestServer server(fixture.io, fixture.script_);
  const auto file = fixture.ca.path("other.pem");
  const std::string certificate = "reading the client certificate from " + file.string() + ": ";
  const std::string key = "reading the private key from " + file.string() + ": ";
  SECTION("a missing certificate") {
    fixture.certificate->cert_file = file;
    CHECK_THAT(fixture.get(server), StartsWith("tls: ") && ContainsSubstring(certificate + "No such file"));
  }
  SECTION("a certificate that is none") {
    fixture.certificate->cert_file = file;
    write_file(file, "nothing\n");
    CHECK_THAT(fixture.get(server), ContainsSubstring(certificate + "there is no certificate in PEM"));
  }
  SECTION("a missing key") {
    fixture.certificate->key_file = file;
    CHECK_THAT(fixture.get(server), StartsWith("tls: ") && ContainsSubstring(key + "No such file"));
  }
  SECTION("a key that is none") {
    fixture.certificate->key_file = file;
    write_file(file, "nothing\n");
    CHECK_THAT(fixture.get(server), ContainsSubstring(key + "there is no private key in PEM"));
  }
  SECTION("an encrypted key") {
    fixture.certificate->key_file = file;
    run_or_throw({"openssl", "pkey", "-in", fixture.ca.path("client.pem"), "-aes128", "-passout", "pass:x", "-out",
                  file.string()});
    CHECK_THAT(fixture.get(server), ContainsSubstring(key + "it is encrypted"));
    CHECK_THAT(fixture.advice, ContainsSubstring("passphrase"));
  }
  SECTION("the key of another certificate") {
    fixture.certificate->key_file = file;
    fixture.keep_as("other.pem", fixture.ca.issue("", 30, "/O=other"));
    CHECK_THAT(fixture.get(server), ContainsSubstring(key + "it does not belong to the certificate in " +
                                                      fixture.ca.path("client.pem").string()));
  }
  CHECK(server.requests().empty());
}
