#include "cloud/answer.hpp"

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::cloud;
using namespace renewd::testing;
using certificate::Format;
using certificate::Keystore;

namespace {

const Secret kPassword("changeit");

// The installed identity, and one with another key from the cloud; created once.
class Fixtures {
 public:
  Fixtures() {
    make("installed", "cockpit-client");
    make("renewed", "cockpit-client");
    // The renewed certificate for the installed key.
    run_or_throw({"openssl", "req", "-x509", "-key", file("installed.key"), "-subj", "/CN=account", "-days", "200",
                  "-out", file("same-key.pem")});
    run_or_throw({"openssl", "x509", "-in", file("same-key.pem"), "-outform", "DER", "-out", file("same-key.der")});
    run_or_throw({"openssl", "crl2pkcs7", "-nocrl", "-certfile", file("same-key.pem"), "-outform", "DER", "-out",
                  file("same-key.p7b")});
    make_issued();
    write_file(directory_ / "renewed-bundle.pem",
               read_file(directory_ / "renewed.key") + read_file(directory_ / "renewed.pem"));
    write_file(directory_ / "installed-bundle.pem",
               read_file(directory_ / "installed.key") + read_file(directory_ / "installed.pem"));
  }

  // A keystore with its CA in the chain, and another certificate by the same CA for the same key.
  void make_issued() {
    const std::string ca = file("ca.pem");
    run_or_throw({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=authority", "-days", "999",
                  "-keyout", file("ca.key"), "-out", ca});
    run_or_throw(
        {"openssl", "req", "-new", "-key", file("installed.key"), "-subj", "/CN=account", "-out", file("csr")});
    for (const char* name : {"issued.pem", "issued-again.pem"}) {
      run_or_throw({"openssl", "x509", "-req", "-in", file("csr"), "-CA", ca, "-CAkey", file("ca.key"), "-days", "90",
                    "-out", file(name)});
    }
    run_or_throw({"openssl", "pkcs12", "-export", "-inkey", file("installed.key"), "-in", file("issued.pem"),
                  "-certfile", ca, "-name", "cockpit-client", "-passout", "pass:changeit", "-out",
                  file("with-chain.p12")});
  }

  std::string bytes(const std::string& name) const { return read_file(directory_ / name); }
  std::string base64(const std::string& name) const {
    return run_or_throw({"openssl", "base64", "-A", "-in", file(name)});
  }
  Keystore keystore(const std::string& name) const {
    auto opened = certificate::open_keystore(bytes(name), kPassword);
    REQUIRE(opened);
    return std::move(*opened);
  }

 private:
  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  void make(const std::string& name, const std::string& alias) {
    run_or_throw({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=account", "-days", "100",
                  "-keyout", file(name + ".key"), "-out", file(name + ".pem")});
    run_or_throw({"openssl", "pkcs12", "-export", "-inkey", file(name + ".key"), "-in", file(name + ".pem"), "-name",
                  alias, "-passout", "pass:changeit", "-out", file(name + ".p12")});
  }

  TemporaryDirectory directory_;
};

const Fixtures& fixtures() {
  static const Fixtures made;
  return made;
}

std::string wrapped(const std::string& text, std::size_t width, const std::string& line_break) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += width) {
    out += text.substr(i, width) + line_break;
  }
  return out;
}

std::string url_safe(std::string text) {
  for (char& c : text) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  while (text.ends_with('=')) {
    text.pop_back();
  }
  return text;
}

Result<Candidate> read_answer(std::string_view body, const Keystore& installed, const Secret& password) {
  return cloud::read_answer(body, installed, password, [&installed] { return installed.key; });
}

RejectionReason reason_of(std::string_view body, const std::string& installed = "installed.p12") {
  const auto candidate = read_answer(body, fixtures().keystore(installed), kPassword);
  REQUIRE_FALSE(candidate);
  CHECK(candidate.error().kind == ErrorKind::bad_answer);
  CAPTURE(candidate.error().message);
  REQUIRE(candidate.error().reason);
  return *candidate.error().reason;
}

}  // namespace

TEST_CASE("removes every kind of transport encoding") {
  const std::string bytes = fixtures().bytes("renewed.p12");
  const std::string base64 = fixtures().base64("renewed.p12");
  const std::vector<std::string> bodies{
      base64,
      base64 + "\n",
      "\r\n  " + base64 + "  \r\n",
      "\xEF\xBB\xBF" + base64,
      wrapped(base64, 64, "\n"),
      wrapped(base64, 76, "\r\n"),
      "\"" + base64 + "\"",
      "'" + base64 + "'",
      "\"" + wrapped(base64, 64, "\n") + "\"",
      "\"" + wrapped(base64, 64, "\\n") + "\"",
      url_safe(base64),
      "{\"certificate\": \"" + base64 + "\"}",
      "{\"anything\": \"" + base64 + "\", \"status\": \"OK\", \"id\": \"abcd\", \"count\": 3, \"none\": null}",
      "{\"data\": {\"content\": \"" + base64 + "\", \"type\": \"PKCS12\"}, \"status\": 200}",
      bytes,
  };
  for (const auto& body : bodies) {
    CAPTURE(body.substr(0, 80));
    const auto decoded = decode_answer(body);
    REQUIRE(decoded);
    CHECK(*decoded == bytes);
  }
}

TEST_CASE("accepts PEM, also inside JSON") {
  const std::string pem = fixtures().bytes("renewed-bundle.pem");
  CHECK(decode_answer(pem).value().find("-----BEGIN CERTIFICATE-----") != std::string::npos);
  std::string escaped;
  for (const char c : pem) {
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  CHECK(decode_answer("{\"pem\": \"" + escaped + "\"}").has_value());
  CHECK(decode_answer("\"" + escaped + "\"").has_value());
}

TEST_CASE("an answer without a keystore is rejected with the reason") {
  const std::string base64 = fixtures().base64("renewed.p12");
  struct Case {
    std::string what;
    std::string body;
    RejectionReason reason;
  };
  const std::vector<Case> cases{
      {"nothing", "", RejectionReason::not_base64},
      {"white space", " \r\n\t ", RejectionReason::not_base64},
      {"text", "Your certificate is being prepared.", RejectionReason::not_base64},
      {"HTML", "<!DOCTYPE html><html><body>Sign in</body></html>", RejectionReason::not_base64},
      {"impossible length", base64.substr(0, base64.size() / 4 * 4 - 3), RejectionReason::not_base64},
      {"padding inside", "AAA=" + base64, RejectionReason::not_base64},
      {"too much padding", "AAAA====", RejectionReason::not_base64},
      {"control bytes", std::string("AA\0A", 4), RejectionReason::not_base64},
      {"JSON number", "42", RejectionReason::unknown_format},  // "42" is base64 of one byte
      {"JSON null inside", "{\"certificate\": null}", RejectionReason::not_base64},
      {"empty JSON object", "{}", RejectionReason::not_base64},
      {"empty JSON string", "\"\"", RejectionReason::not_base64},
      {"JSON array", "[\"" + base64 + "\"]", RejectionReason::not_base64},
      {"two levels down", "{\"a\": {\"b\": {\"c\": \"" + base64 + "\"}}}", RejectionReason::not_base64},
      {"two keystores", "{\"a\": \"" + base64 + "\", \"b\": \"" + base64 + "\"}", RejectionReason::unknown_format},
      {"error body", "{\"message\": \"not now!\", \"http_status\": 404}", RejectionReason::not_base64},
      {"base64 of text", "SGVsbG8gd29ybGQ=", RejectionReason::unknown_format},
      {"JKS", "/u3+7QAAAAIAAAAA", RejectionReason::unknown_format},
      {"truncated PKCS#12", base64.substr(0, base64.size() / 8 * 4), RejectionReason::unknown_format},
      {"too large", std::string(1024 * 1024 + 1, 'A'), RejectionReason::too_large},
      {"PEM without certificate", fixtures().bytes("renewed.key"), RejectionReason::no_certificate},
      {"foreign certificate without key", fixtures().bytes("renewed.pem"), RejectionReason::key_mismatch},
  };
  for (const auto& [what, body, reason] : cases) {
    CAPTURE(what);
    CHECK(reason_of(body) == reason);
  }
}

TEST_CASE("JKS is rejected by name, and hostile JSON does not crash the daemon") {
  const auto jks = read_answer("/u3+7QAAAAIAAAAA", fixtures().keystore("installed.p12"), kPassword);
  CHECK_THAT(jks.error().message, ContainsSubstring("JKS"));
  CHECK_FALSE(decode_answer(std::string(100'000, '[')));
  CHECK_FALSE(decode_answer(std::string(100'000, '{')));
  std::string nested;
  for (int i = 0; i < 50'000; ++i) {
    nested += "{\"a\":";
  }
  CHECK_FALSE(decode_answer(nested));
}

TEST_CASE("a PKCS#12 that opens with the password is installed byte for byte") {
  const std::string installed = GENERATE("installed.p12");
  const auto candidate =
      read_answer(fixtures().base64("renewed.p12"), fixtures().keystore(installed), kPassword).value();
  CHECK(candidate.bytes == fixtures().bytes("renewed.p12"));
  CHECK(candidate.keystore.key);
}

// Four certificates in a misleading order: a CA, the earlier and the later one for the installed key, and another one.
TEST_CASE("from a bundle without a key, chooses the last certificate to expire for the installed key") {
  const TemporaryDirectory directory;
  const std::string all = (directory / "all.pem").string();
  write_file(all, fixtures().bytes("renewed.pem") + fixtures().bytes("ca.pem") + fixtures().bytes("installed.pem") +
                      fixtures().bytes("same-key.pem"));
  const std::string latest = fixtures().keystore("same-key.pem").certificate.serial();
  const std::string der = run_or_throw({"openssl", "crl2pkcs7", "-nocrl", "-certfile", all, "-outform", "DER"});
  for (const std::string& body : {read_file(all), der, der + "\r\n"}) {
    const auto candidate = read_answer(body, fixtures().keystore("installed.p12"), kPassword);
    REQUIRE(candidate);
    CHECK(candidate->keystore.certificate.serial() == latest);
    CHECK_FALSE(candidate->keystore.ambiguous);
    // The earlier one must be removed: a reader might choose it.
    const auto& chain = candidate->keystore.chain;
    CHECK(std::none_of(chain.begin(), chain.end(),
                       [&](const auto& other) { return other.same_public_key(candidate->keystore.certificate); }));
  }
}

TEST_CASE("an answer from which the gateway might choose another certificate is rebuilt") {
  const std::string key = fixtures().bytes("installed.key");
  const std::string own = fixtures().bytes("same-key.pem");
  const std::string ca = fixtures().bytes("ca.pem");
  for (const std::string& body : {ca + own + key, fixtures().bytes("installed.pem") + own + key}) {
    const auto candidate = read_answer(body, fixtures().keystore("installed-bundle.pem"), kPassword);
    REQUIRE(candidate);
    CHECK_FALSE(candidate->keystore.ambiguous);
    CHECK(candidate->keystore.certificate.serial() ==
          certificate::open_keystore(body, kPassword)->certificate.serial());
  }
  // A JDK cannot read an unencrypted key.
  const TemporaryDirectory directory;
  write_file(directory / "in.pem", own + key);
  const std::string plain = run_or_throw({"openssl", "pkcs12", "-export", "-in", (directory / "in.pem").string(),
                                          "-keypbe", "NONE", "-name", "cockpit-client", "-passout", "pass:changeit"});
  const auto candidate = read_answer(plain, fixtures().keystore("installed.p12"), kPassword);
  REQUIRE(candidate);
  CHECK(candidate->bytes != plain);
  CHECK_FALSE(candidate->keystore.ambiguous);
}

TEST_CASE("an answer is rebuilt only if the JDK does not support its cipher") {
  const TemporaryDirectory directory;
  write_file(directory / "in.pem", fixtures().bytes("same-key.pem") + fixtures().bytes("installed.key"));
  const auto exported = [&](const std::string& of_key, const std::string& of_certificates) {
    return run_or_throw({"openssl", "pkcs12", "-export", "-in", (directory / "in.pem").string(), "-keypbe", of_key,
                         "-certpbe", of_certificates, "-name", "cockpit-client", "-passout", "pass:changeit"});
  };
  const std::string known = "AES-256-CBC";
  for (const auto& [of_key, of_certificates, jdk_has_it] :
       std::vector<std::tuple<std::string, std::string, bool>>{{known, known, true},
                                                               {"AES-128-CBC", known, true},
                                                               {"PBE-SHA1-3DES", "PBE-SHA1-3DES", true},
                                                               {known, "NONE", true},
                                                               {"camellia-256-cbc", known, false},
                                                               {known, "aria-256-cbc", false},
                                                               {"des-ede3-cbc", "des-ede3-cbc", false}}) {
    CAPTURE(of_key, of_certificates);
    const std::string bytes = exported(of_key, of_certificates);
    const auto candidate = read_answer(bytes, fixtures().keystore("installed.p12"), kPassword);
    REQUIRE(candidate);
    CHECK((candidate->bytes == bytes) == jdk_has_it);
    CHECK_FALSE(candidate->keystore.ambiguous);
    for (const auto& [contents, opens] : {std::pair(bytes, jdk_has_it), std::pair(candidate->bytes, true)}) {
      write_file(directory / "p12", contents);
      const auto signed_by_key = run({"keytool", "-certreq", "-alias", "cockpit-client", "-keystore",
                                      (directory / "p12").string(), "-storetype", "PKCS12", "-storepass", "changeit"});
      CHECK((signed_by_key.status == 0) == opens);
    }
  }
}

TEST_CASE("a PKCS#12 with bytes after it is installed unchanged") {
  const std::string bytes = fixtures().bytes("renewed.p12") + "\r\n";
  const auto candidate = read_answer(bytes, fixtures().keystore("installed.p12"), kPassword);
  REQUIRE(candidate);
  CHECK(candidate->bytes == bytes);
}

TEST_CASE("a rebuilt file has the installed alias, with any characters") {
  const std::string alias = "clé-🔑-世";
  Keystore installed = fixtures().keystore("installed.p12");
  installed.alias = alias;
  const auto candidate = read_answer(fixtures().base64("same-key.der"), installed, kPassword);
  REQUIRE(candidate);
  CHECK(candidate->keystore.alias == alias);
}

TEST_CASE("a PKCS#12 with another password is rejected") {
  const auto candidate =
      read_answer(fixtures().base64("renewed.p12"), fixtures().keystore("installed.p12"), Secret("another"));
  REQUIRE_FALSE(candidate);
  CHECK(candidate.error().reason == RejectionReason::wrong_password);
}

TEST_CASE("other formats become a PKCS#12 with the installed alias and password") {
  const std::string answer = GENERATE("renewed-bundle.pem", "same-key.pem", "same-key.der", "same-key.p7b");
  CAPTURE(answer);
  const auto installed = fixtures().keystore("installed.p12");
  const auto candidate = read_answer(fixtures().base64(answer), installed, kPassword);
  REQUIRE(candidate);
  CHECK(candidate->keystore.format == Format::pkcs12);
  CHECK(candidate->keystore.alias == "cockpit-client");
  CHECK(candidate->keystore.certificate.belongs_to(*candidate->keystore.key));
  const auto reopened = certificate::open_keystore(candidate->bytes, kPassword);
  REQUIRE(reopened);
  CHECK(reopened->certificate.serial() == candidate->keystore.certificate.serial());
}

TEST_CASE("a PEM keystore stays PEM") {
  const std::string answer = GENERATE("renewed.p12", "renewed-bundle.pem", "same-key.pem", "same-key.der");
  CAPTURE(answer);
  const auto candidate = read_answer(fixtures().base64(answer), fixtures().keystore("installed-bundle.pem"), kPassword);
  REQUIRE(candidate);
  CHECK(candidate->keystore.format == Format::pem);
  CHECK_FALSE(candidate->keystore.encrypted_key);
  CHECK(candidate->keystore.certificate.belongs_to(*candidate->keystore.key));
}

TEST_CASE("every prefix of an answer is rejected or accepted without a crash") {
  const std::string body = "{\"certificate\": \"" + fixtures().base64("renewed.p12") + "\"}";
  const auto installed = fixtures().keystore("installed.p12");
  for (std::size_t length = 0; length < body.size(); length += 61) {
    CHECK_FALSE(read_answer(std::string_view(body).substr(0, length), installed, kPassword));
  }
}

TEST_CASE("only an answer that is all there is whole, and PEM never is") {
  const std::string der = fixtures().bytes("renewed.p12");
  const std::string text = fixtures().base64("renewed.p12");
  for (const std::string& whole : {der, der + "x", text, "\"" + text + "\"", R"({"certificate": ")" + text + "\"}"}) {
    CHECK(cloud::is_whole_answer(whole));
    CHECK_FALSE(cloud::is_whole_answer(whole.substr(0, whole.size() - 8)));
    CHECK_FALSE(cloud::is_whole_answer(whole.substr(0, 4)));
  }
  // An indefinite length: its end is not where the header says.
  CHECK_FALSE(cloud::is_whole_answer(std::string("\x30\x80", 2) + der.substr(4)));
  for (const std::string other : {"", "MAA=", "-----BEGIN CERTIFICATE-----\n", "[]", "\x30", "\x30\x84\xff\xff\xff"}) {
    CHECK_FALSE(cloud::is_whole_answer(other));
  }
}

TEST_CASE("an answer that is not understood is not quoted") {
  const std::string body = GENERATE(std::string("{\"error\": \"the token hunter2! is being rotated\"}"),
                                    std::string("hunter2! is no keystore"), std::string("[\"hunter2!\"]"));
  CAPTURE(body);
  CHECK(decode_answer(body).error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a certificate without a chain gets the installed chain") {
  const auto installed = fixtures().keystore("with-chain.p12");
  REQUIRE(installed.chain.size() == 1);
  const auto candidate = read_answer(fixtures().base64("issued-again.pem"), installed, kPassword);
  REQUIRE(candidate);
  CHECK(candidate->keystore.chain.size() == 1);
}

TEST_CASE("a PEM answer with the key of another certificate is rejected by name") {
  const std::string body = fixtures().bytes("installed.key") + fixtures().bytes("renewed.pem");
  CHECK(reason_of(body) == RejectionReason::key_mismatch);
}
