#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using testing::error_of;
using testing::fixture;
using testing::fixture_bytes;
using testing::joined_fixtures;
using testing::kAccount;
using testing::open_or_fail;
using testing::openssl;
using testing::password;

std::vector<std::string> names(const std::vector<Certificate>& chain) {
  std::vector<std::string> all;
  for (const auto& certificate : chain) {
    all.push_back(certificate.common_name());
  }
  return all;
}

const std::vector<std::string> kWholeChain{"Test Intermediate", "Test Root"};

void check_pair(const Keystore& keystore, bool encrypted = false) {
  CHECK(keystore.format == Format::pem);
  CHECK(keystore.certificate.common_name() == kAccount);
  CHECK(keystore.alias.empty());
  CHECK(keystore.has_key_entry);
  CHECK(keystore.encrypted_key == encrypted);
  REQUIRE(keystore.key.has_value());
  CHECK(keystore.certificate.belongs_to(*keystore.key));
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (auto i = text.find(from); i != std::string::npos; i = text.find(from, i + to.size())) {
    text.replace(i, from.size(), to);
  }
  return text;
}

TEST_CASE("opens PEM with key and chain in any order") {
  if (!testing::have_tools()) {
    return;
  }
  for (const auto& order :
       std::vector<std::vector<std::string>>{{"leaf.key", "leaf.pem", "intermediate.pem", "root.pem"},
                                             {"root.pem", "intermediate.pem", "leaf.pem", "leaf.key"},
                                             {"intermediate.pem", "leaf.key", "root.pem", "leaf.pem", "root.pem"}}) {
    const auto keystore = open_or_fail(joined_fixtures(order), Secret());
    check_pair(keystore);
    CHECK(names(keystore.chain) == kWholeChain);
  }
}

TEST_CASE("opens PEM as editors and tools write it") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string plain = joined_fixtures({"leaf.pem", "leaf.key"});
  SECTION("Windows line ends") {
    check_pair(open_or_fail(replace_all(plain, "\n", "\r\n"), Secret()));
  }
  SECTION("a byte order mark") {
    check_pair(open_or_fail("\xEF\xBB\xBF" + plain, Secret()));
  }
  SECTION("comments around the blocks") {
    const std::string comment =
        "Bag Attributes\n    friendlyName: x\n# key: value\n0 s:CN = " + std::string(400, 'x') + "\n";
    check_pair(
        open_or_fail(comment + fixture_bytes("leaf.pem") + comment + fixture_bytes("leaf.key") + comment, Secret()));
  }
  SECTION("no line break at the end") {
    check_pair(open_or_fail(plain.substr(0, plain.size() - 1), Secret()));
  }
  SECTION("another key before its own") {
    check_pair(open_or_fail(openssl({"genpkey", "-algorithm", "ED25519"}) + plain, Secret()));
  }
}

TEST_CASE("opens PEM keys of every type, plain and encrypted") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string key = (directory / "key.pem").string();
  const auto make = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"genpkey", "-out", key};
    arguments.insert(arguments.end(), options.begin(), options.end());
    openssl(arguments);
    return openssl({"req", "-x509", "-new", "-key", key, "-subj", "/CN=" + std::string(kAccount), "-days", "30"});
  };
  const auto encrypted = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"pkey", "-in", key, "-passout", "pass:changeit"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return openssl(arguments);
  };
  std::string type;
  std::string certificate;
  SECTION("RSA") {
    type = "RSA 2048";
    certificate = make({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
    check_pair(open_or_fail(certificate + openssl({"pkey", "-in", key, "-traditional"}), Secret()));
    check_pair(open_or_fail(certificate + encrypted({"-traditional", "-aes-256-cbc"}), password()), true);
  }
  SECTION("EC") {
    type = "EC prime256v1";
    certificate = make({"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"});
    const std::string sec1 = openssl({"ec", "-in", key});
    check_pair(open_or_fail(openssl({"ecparam", "-name", "prime256v1"}) + certificate + sec1, Secret()));
    check_pair(open_or_fail(certificate + encrypted({"-traditional", "-des3"}), password()), true);
  }
  SECTION("Ed25519") {
    type = "ED25519";
    certificate = make({"-algorithm", "ED25519"});
  }
  const auto keystore = open_or_fail(certificate + testing::read_file(key), Secret());
  check_pair(keystore);
  CHECK(keystore.certificate.key_type() == type);
  check_pair(open_or_fail(certificate + encrypted({"-aes-256-cbc"}), password()), true);
  // An algorithm that only the legacy provider has.
  const std::string legacy = openssl({"pkcs8", "-topk8", "-in", key, "-v1", "PBE-SHA1-RC2-40", "-passout",
                                      "pass:changeit", "-provider", "legacy", "-provider", "default"});
  check_pair(open_or_fail(certificate + legacy, password()), true);
}

TEST_CASE("a wrong password for a PEM key, a missing one and damage are reported as such") {
  if (!testing::have_tools()) {
    return;
  }
  for (const std::string form : {"-traditional", "-text_pub"}) {
    std::vector<std::string> arguments{"pkey",     "-in",           fixture("leaf.key").string(),
                                       "-passout", "pass:changeit", "-aes-256-cbc"};
    if (form == "-traditional") {
      arguments.push_back(form);
    }
    const std::string pem = fixture_bytes("leaf.pem") + openssl(arguments);
    INFO(pem);
    check_pair(open_or_fail(pem, password()), true);
    // Several, since one wrong password in 256 passes the check of the padding.
    for (int i = 0; i < 20; ++i) {
      CHECK(error_of(pem, Secret("wrong" + std::to_string(i))).problem == KeystoreProblem::wrong_password);
    }
    const auto none = error_of(pem, Secret());
    CHECK(none.problem == KeystoreProblem::wrong_password);
    CHECK_THAT(none.message, ContainsSubstring("keystore.password"));
    const std::string cut = pem.substr(0, pem.size() - 40);
    CHECK(error_of(cut, password()).problem == KeystoreProblem::damaged);
  }
}

TEST_CASE("in PEM without a key, chooses the certificate that issued none of the others") {
  if (!testing::have_tools()) {
    return;
  }
  const auto keystore = open_or_fail(joined_fixtures({"root.pem", "intermediate.pem", "leaf.pem"}), Secret());
  CHECK(keystore.certificate.common_name() == kAccount);
  CHECK(names(keystore.chain) == kWholeChain);
  CHECK_FALSE(keystore.key.has_value());
  CHECK_FALSE(keystore.has_key_entry);
}

TEST_CASE("opens PEM whose key belongs to no certificate: the gate will refuse it") {
  if (!testing::have_tools()) {
    return;
  }
  const auto keystore =
      open_or_fail(fixture_bytes("leaf.pem") + openssl({"genpkey", "-algorithm", "ED25519"}), Secret());
  REQUIRE(keystore.key.has_value());
  CHECK_FALSE(keystore.certificate.belongs_to(*keystore.key));
}

TEST_CASE("PEM with only a key has no certificate") {
  if (!testing::have_tools()) {
    return;
  }
  CHECK(error_of(fixture_bytes("leaf.key"), Secret()).problem == KeystoreProblem::no_certificate);
}

TEST_CASE("opens a bare DER certificate and PKCS#7 in both encodings") {
  if (!testing::have_tools()) {
    return;
  }
  const auto der = open_or_fail(fixture_bytes("leaf.der"), Secret());
  CHECK(der.format == Format::der);
  CHECK(der.certificate.common_name() == kAccount);
  CHECK(der.chain.empty());

  const auto pkcs7 = open_or_fail(fixture_bytes("bundle.p7b"), Secret());
  CHECK(pkcs7.format == Format::pkcs7);
  CHECK(pkcs7.certificate.common_name() == kAccount);
  CHECK(names(pkcs7.chain) == kWholeChain);

  const std::string pem = fixture_bytes("bundle-pem.p7b");
  for (const std::string label : {"PKCS7", "PKCS #7 SIGNED DATA"}) {
    const auto keystore = open_or_fail(replace_all(pem, "PKCS7", label), Secret());
    CHECK(keystore.format == Format::pem);
    CHECK(names(keystore.chain) == kWholeChain);
  }
}

TEST_CASE("refuses files that are not keystores") {
  for (const std::string bytes :
       {"hello", "{\"certificate\": \"-----BEGIN CERTIFICATE-----\"}", "\x30", "0 s:CN", "<html>"}) {
    INFO(bytes);
    CHECK_FALSE(detect_format(bytes).has_value());
    CHECK(error_of(bytes, password()).problem == KeystoreProblem::unknown_format);
  }
  CHECK(error_of("", password()).problem == KeystoreProblem::damaged);
}

TEST_CASE("reads the certificates of a bundle in order, and refuses one without certificates") {
  if (!testing::have_tools()) {
    return;
  }
  const auto bundle = read_bundle("# comment\n" + joined_fixtures({"root.pem", "intermediate.pem"}));
  REQUIRE(bundle.has_value());
  CHECK(names(*bundle) == std::vector<std::string>{"Test Root", "Test Intermediate"});
  for (const std::string& bad :
       {std::string(), std::string("x"), fixture_bytes("leaf.key"), fixture_bytes("root.pem").substr(0, 300)}) {
    const auto failed = read_bundle(bad);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == ErrorKind::tls);
  }
}

}  // namespace
}  // namespace renewd::certificate
