// Which keys may be installed, and what keystores and chains with other keys still allow.

#include "certificate/acceptance.hpp"
#include "fixtures.hpp"
#include "minted.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using std::chrono::days;
using testing::kAccount;
using testing::keystore_of;
using testing::mint;
using testing::Minted;
using testing::openssl;
using testing::password;

const TimePoint kNow = std::chrono::system_clock::now();

// Key and self-signed certificate as PEM; `how` as `openssl genpkey` takes it.
std::string made(std::vector<std::string> how, const std::string& lifetime = "365") {
  const testing::TemporaryDirectory directory;
  const std::string key = (directory / "key").string();
  std::vector<std::string> generate = {"genpkey", "-out", key};
  generate.insert(generate.end(), how.begin(), how.end());
  openssl(generate);
  return testing::read_file(key) +
         openssl({"req", "-x509", "-key", key, "-subj", "/CN=" + std::string(kAccount), "-days", lifetime});
}

std::vector<std::string> rsa(const std::string& algorithm, const std::string& bits,
                             const std::vector<std::string>& more = {}) {
  std::vector<std::string> how = {"-algorithm", algorithm, "-pkeyopt", "rsa_keygen_bits:" + bits};
  for (const auto& option : more) {
    how.insert(how.end(), {"-pkeyopt", option});
  }
  return how;
}

std::vector<std::string> ec(const std::string& curve) {
  return {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve};
}

Result<void> judge(const std::string& renewed, const std::string& installed) {
  return accept(testing::open_or_fail(renewed, password()), testing::open_or_fail(installed, password()),
                {.account_id = std::string(kAccount), .trusted = {}, .now = kNow});
}

TEST_CASE("keys of every type on the list are accepted") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string installed = made(rsa("RSA", "1024"), "10");
  for (const auto& how :
       {rsa("RSA", "2048"), rsa("RSA", "2048", {"rsa_keygen_pubexp:4294967311"}), rsa("RSA-PSS", "2048"), ec("P-256"),
        ec("P-384"), ec("P-521"), std::vector<std::string>{"-algorithm", "ED25519"},
        std::vector<std::string>{"-algorithm", "ED448"}}) {
    INFO(how.back());
    const auto verdict = judge(made(how), installed);
    INFO((verdict ? "" : verdict.error().message));
    CHECK(verdict);
  }
}

TEST_CASE("a key of another type needs 128 bits of security, or as many as the installed one") {
  if (!testing::have_tools()) {
    return;
  }
  const std::vector<std::string> ed25519{"-algorithm", "ED25519"};
  const std::vector<std::string> ed448{"-algorithm", "ED448"};
  const std::string rsa4096 = made(rsa("RSA", "4096"), "10");
  for (const auto& how : {ec("P-256"), ec("P-521"), ed25519, ed448, rsa("RSA", "3072"), rsa("RSA-PSS", "3072")}) {
    INFO(how.back());
    const auto verdict = judge(made(how), rsa4096);
    INFO((verdict ? "" : verdict.error().message));
    CHECK(verdict);
  }
  CHECK(judge(made(ec("P-256")), made(ed448, "10")));
  CHECK(judge(made(rsa("RSA", "2048")), made(rsa("RSA", "2048"), "10")));
  CHECK(judge(made(ec("P-256")), made(rsa("RSA", "2048"), "10")));
  for (const auto& installed :
       {rsa4096, made(rsa("RSA", "3072"), "10"), made(ec("P-256"), "10"), made(ed25519, "10")}) {
    for (const auto& how : {rsa("RSA", "2048"), rsa("RSA-PSS", "2048")}) {
      const auto verdict = judge(made(how), installed);
      REQUIRE_FALSE(verdict);
      CHECK(verdict.error().reason == RejectionReason::untrusted);
      CHECK_THAT(verdict.error().message, ContainsSubstring("112 bits"));
    }
  }
}

TEST_CASE("a signature that is weaker than the installed one needs 128 bits of security") {
  if (!testing::have_tools()) {
    return;
  }
  const auto signed_with = [](const std::string& digest, const std::string& lifetime) {
    const testing::TemporaryDirectory directory;
    const std::string key = (directory / "key").string();
    openssl({"genpkey", "-out", key, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"});
    return testing::read_file(key) + openssl({"req", "-x509", "-" + digest, "-key", key, "-subj",
                                              "/CN=" + std::string(kAccount), "-days", lifetime});
  };
  const std::string sha512 = signed_with("sha512", "10");
  CHECK(judge(signed_with("sha256", "365"), sha512));
  CHECK(judge(signed_with("sha3-256", "365"), sha512));
  CHECK(judge(signed_with("sha1", "365"), signed_with("sha1", "10")));
  const auto verdict = judge(signed_with("sha1", "365"), sha512);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().reason == RejectionReason::untrusted);
  CHECK_THAT(verdict.error().message, ContainsSubstring("signature"));
}

TEST_CASE("an RSA-PSS key is tested with the digests and the salt length that it is restricted to") {
  if (!testing::have_tools()) {
    return;
  }
  const std::string installed = made(rsa("RSA", "1024"), "10");
  const std::string digest = "rsa_pss_keygen_md:";
  const std::string mask = "rsa_pss_keygen_mgf1_md:";
  const std::string salt = "rsa_pss_keygen_saltlen:";
  for (const auto& restriction :
       std::vector<std::vector<std::string>>{{digest + "sha256", mask + "sha256"},
                                             {digest + "sha384", mask + "sha384"},
                                             {digest + "sha512", mask + "sha512"},
                                             {digest + "sha512"},
                                             {digest + "sha512", mask + "sha256"},
                                             {digest + "sha512-256"},
                                             {digest + "sha256", salt + "20"},
                                             {digest + "sha256", salt + "64"},
                                             {digest + "sha512", mask + "sha512", salt + "100"}}) {
    CAPTURE(restriction);
    const auto verdict = judge(made(rsa("RSA-PSS", "2048", restriction)), installed);
    INFO((verdict ? "" : verdict.error().message));
    CHECK(verdict);
  }
}

TEST_CASE("an installed keystore opens whatever its key is, but the same key is refused in a renewal") {
  if (!testing::have_tools()) {
    return;
  }
  const bool read = GENERATE(true, false);
  const std::string pem = made(read ? rsa("RSA", "1024") : ec("secp256k1"));
  const Keystore installed = testing::open_or_fail(pem, password());
  CHECK(installed.certificate.key_type() == (read ? "RSA 1024" : "EC secp256k1"));
  CHECK(installed.certificate.not_after() > kNow + days(360));
  CHECK(installed.has_key_entry);
  CHECK(installed.key.has_value() == read);
  CHECK(installed.unread_key.empty() == read);
  const auto verdict = judge(pem, made(ec("P-256"), "10"));
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().reason == RejectionReason::untrusted);
}

// `count` authorities, each of which issued the next, and the account's certificate. Begins with that one.
std::vector<Minted> chain_of(int count, const std::string& curve_between) {
  std::vector<Minted> all;
  all.reserve(static_cast<std::size_t>(count) + 1);
  for (int i = 0; i <= count; ++i) {
    all.push_back(mint({.common_name = i < count ? "authority " + std::to_string(i) : std::string(kAccount),
                        .not_before = std::chrono::floor<days>(kNow) - days(1),
                        .not_after = std::chrono::floor<days>(kNow) + days(365),
                        .curve = i == 1 && i < count ? curve_between : "P-256",
                        .issuer = i == 0 ? nullptr : &all.back(),
                        .authority = i < count}));
  }
  return {all.rbegin(), all.rend()};
}

TEST_CASE("a chain to keystore.ca_file is short and has only keys on the list") {
  const Minted installed = mint({.common_name = std::string(kAccount),
                                 .not_before = std::chrono::floor<days>(kNow) - days(1),
                                 .not_after = std::chrono::floor<days>(kNow) + days(10)});
  const auto judged = [&](const std::vector<Minted>& made) {
    std::vector<Certificate> between;
    for (std::size_t i = 1; i + 1 < made.size(); ++i) {
      between.push_back(made[i].certificate);
    }
    return accept(keystore_of(made.front(), between), keystore_of(installed),
                  {.account_id = std::string(kAccount), .trusted = {made.back().certificate}, .now = kNow});
  };
  CHECK(judged(chain_of(9, "P-256")));  // eight, and the root
  for (const auto& made : {chain_of(10, "P-256"), chain_of(3, "secp256k1")}) {
    const auto verdict = judged(made);
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().reason == RejectionReason::untrusted);
    CHECK_THAT(verdict.error().message, ContainsSubstring("keystore.ca_file"));
  }
}

TEST_CASE("a keystore with many rounds of key derivation opens, but not a file with several such keys") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  const std::string file = (directory / "slow").string();
  const std::string leaf = testing::fixture("leaf.pem").string();
  const std::string key = testing::fixture("leaf.key").string();
  openssl(
      {"pkcs12", "-export", "-inkey", key, "-in", leaf, "-out", file, "-passout", "pass:changeit", "-iter", "600000"});
  CHECK(testing::open_or_fail(testing::read_file(file), password()).key);

  openssl({"genpkey", "-algorithm", "ED25519", "-out", file});
  const std::string slow =
      openssl({"pkcs8", "-topk8", "-in", file, "-v2", "aes-256-cbc", "-iter", "700000", "-passout", "pass:changeit"});
  const std::string certificate = testing::fixture_bytes("leaf.pem");
  CHECK(testing::open_or_fail(certificate + slow, password()).key);
  const auto error = testing::error_of(certificate + slow + slow + slow, password());
  CHECK(error.problem == KeystoreProblem::damaged);
  CHECK_THAT(error.message, ContainsSubstring("too many rounds"));
}

}  // namespace
}  // namespace renewd::certificate
