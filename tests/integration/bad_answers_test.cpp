// Answers that must not be installed: each leaves the keystore as it was, to the inode, and says why.

#include <set>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/keystores.hpp"

using namespace renewd::testing;

namespace {

struct Refused {
  std::string shape;
  std::string reason;
  Target target = Target::pkcs12;
};

// What is in the keystore's directory; the state has one of its own.
std::set<std::string> names_beside(const Host& host) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(host.keystore().parent_path())) {
    if (entry.path().filename() != "state") {
      names.insert(entry.path().filename().string());
    }
  }
  return names;
}

struct Before {
  explicit Before(const Host& host) : keystore(snapshot(host.keystore())), names(names_beside(host)) {}
  Snapshot keystore;
  std::set<std::string> names;
};

void check_untouched(const Host& host, const Before& before) {
  CHECK(snapshot(host.keystore()) == before.keystore);
  CHECK(host.restarts() == 0);
  CHECK_FALSE(std::filesystem::exists(host.state() / "generations"));
  CHECK(names_beside(host) == before.names);
}

void check_refusal(Host& host, const std::string& reason) {
  const Before before(host);
  const CommandResult result = host.renew();
  INFO(result.output << result.errors);
  CHECK(result.status == 1);
  const Events events = parse_events(result.errors);
  const auto rejected = find_event(events, "renewal_rejected");
  REQUIRE(rejected);
  CHECK(field(*rejected, "reason") == reason);
  CHECK(std::filesystem::file_size(field(*rejected, "answer")) > 0);
  const auto failed = find_event(events, "renewal_failed");
  REQUIRE(failed);
  CHECK(field(*failed, "class") == "bad_answer");
  CHECK_FALSE(find_event(events, "keystore_installed"));
  CHECK(host.cloud().requests().size() == 1);
  check_untouched(host, before);
}

void check_refusals(const std::vector<Refused>& table) {
  for (const auto& row : table) {
    INFO("shape " << row.shape << ", target " << (row.target == Target::pem ? "PEM" : "PKCS#12"));
    Host host({"--shape", row.shape}, row.target);
    check_refusal(host, row.reason);
  }
}

}  // namespace

TEST_CASE("keeps the installed keystore when the answer is not base64") {
  check_refusals({{"garbage", "not_base64"},
                  {"text", "not_base64"},
                  {"html", "not_base64"},
                  {"truncated-base64", "not_base64"},
                  {"bad-base64", "not_base64"},
                  {"json-array", "not_base64"},
                  {"json-empty-object", "not_base64"},
                  {"json-empty-string", "not_base64"},
                  {"json-deep", "not_base64"},
                  {"json-error", "not_base64"}});
}

TEST_CASE("keeps the installed keystore when the answer contains no keystore") {
  check_refusals({{"json-number", "unknown_format"},  // base64 it is
                  {"json-null", "unknown_format"},
                  {"base64-of-garbage", "unknown_format"},
                  {"base64-twice", "unknown_format"},
                  {"jks", "unknown_format"},
                  {"json-two-members", "unknown_format"},
                  {"truncated-pkcs12", "unknown_format"},
                  {"truncated-pem", "unknown_format"},
                  {"truncated-pkcs12", "unknown_format", Target::pem},
                  {"empty-pkcs12", "no_certificate"},
                  {"pem-key-only", "no_certificate"},
                  {"wrong-password", "wrong_password"},
                  {"wrong-password", "wrong_password", Target::pem},
                  {"pem-wrong-password", "wrong_password"}});
}

TEST_CASE("keeps the installed keystore when key and certificate do not match") {
  check_refusals({{"no-key", "key_mismatch"},
                  {"no-key", "key_mismatch", Target::pem},
                  {"key-mismatch", "key_mismatch"},
                  {"pem-key-mismatch", "key_mismatch"},
                  {"pem-key-mismatch", "key_mismatch", Target::pem}});
}

TEST_CASE("keeps the installed keystore when the new certificate is not newer") {
  check_refusals({{"expired", "expired"},
                  {"pem-expired", "expired"},
                  {"der-expired", "expired"},
                  {"expired", "expired", Target::pem},
                  {"not-later", "not_later"},
                  {"der-not-later", "not_later"},
                  {"not-later", "not_later", Target::pem},
                  {"not-yet-valid", "not_yet_valid"},
                  {"wrong-cn", "wrong_account"},
                  {"der-wrong-cn", "wrong_account"},
                  {"weak-key", "untrusted"},
                  {"weak-key", "untrusted", Target::pem}});
}

TEST_CASE("keeps the installed keystore when a different authority issued the new certificate") {
  for (const Target target : {Target::pkcs12, Target::pem}) {
    Host host({"--shape", "foreign-ca"}, target);
    host.configure({.certificate = {}, .keystore = {"ca_file: " + host.cloud().client_ca_file().string()}, .http = {}});
    check_refusal(host, "untrusted");
  }
}

TEST_CASE("keeps a JKS file when the answer is a certificate for its key, which cannot be read") {
  if (!have_program("keytool")) {
    WARN("skipped: keytool makes the JKS file");
    return;
  }
  Host host({"--shape", "der-cert"});
  const auto jks = host / "installed.jks";
  convert_to_jks(host.keystore(), jks, kKeystorePassword);
  host.use_keystore(jks);
  host.configure();
  check_refusal(host, "no_key");
}

TEST_CASE("keeps the installed keystore when the answer is empty or too large") {
  for (const std::string shape : {"empty", "blank", "too-large"}) {
    INFO("shape " << shape);
    Host host({"--shape", shape});
    const Before before(host);
    const CommandResult result = host.renew();
    INFO(result.output << result.errors);
    CHECK(result.status == 1);
    const auto failed = find_event(parse_events(result.errors), "renewal_failed");
    REQUIRE(failed);
    CHECK(field(*failed, "class") == "bad_answer");
    check_untouched(host, before);
  }
}
