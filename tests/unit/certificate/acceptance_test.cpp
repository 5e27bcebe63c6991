#include "certificate/acceptance.hpp"

#include <functional>

#include <openssl/err.h>

#include "fixtures.hpp"
#include "minted.hpp"
#include "support/catch.hpp"

namespace renewd::certificate {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using testing::kAccount;
using testing::keystore_of;
using testing::mint;
using testing::Minted;
using testing::Wanted;

constexpr std::chrono::sys_seconds kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(19);

// A correct renewal; each test spoils one thing.
struct Case {
  Wanted wanted{.common_name = std::string(kAccount), .not_before = kNow - minutes(1), .not_after = kNow + days(365)};
  Wanted installed_wanted{
      .common_name = std::string(kAccount), .not_before = kNow - days(355), .not_after = kNow + days(10)};
  std::function<void(Keystore&)> spoil = [](Keystore&) {};
  Expectations expectations{.account_id = std::string(kAccount), .trusted = {}, .now = kNow};

  Result<void> judge() const {
    Keystore candidate = keystore_of(mint(wanted));
    spoil(candidate);
    auto verdict = accept(candidate, keystore_of(mint(installed_wanted)), expectations);
    CHECK(ERR_peek_error() == 0);
    return verdict;
  }
};

void check_refused(const Result<void>& verdict, RejectionReason reason, const std::string& text) {
  REQUIRE_FALSE(verdict);
  INFO(verdict.error().message);
  REQUIRE(verdict.error().reason.has_value());
  CHECK(to_string(*verdict.error().reason) == to_string(reason));
  CHECK(verdict.error().kind == ErrorKind::bad_answer);
  CHECK_THAT(verdict.error().message, ContainsSubstring(text));
}

TEST_CASE("a renewed certificate of the account is accepted") {
  Case c;
  CHECK(c.judge());
  SECTION("also with a stronger key") {
    c.wanted.curve = "P-384";
    CHECK(c.judge());
  }
  SECTION("also with fewer bits of security, if they are enough") {
    c.installed_wanted.curve = "P-384";
    CHECK(c.judge());
  }
  SECTION("also a second later than the installed one") {
    c.wanted.not_after = c.installed_wanted.not_after + std::chrono::seconds(1);
    CHECK(c.judge());
  }
  SECTION("also when our clock is four minutes behind") {
    c.wanted.not_before = kNow + minutes(4);
    CHECK(c.judge());
  }
  SECTION("also in its last second") {
    c.wanted.not_after = kNow;
    c.installed_wanted.not_after = kNow - days(1);
    CHECK(c.judge());
  }
  SECTION("also after the installed one has expired") {
    c.installed_wanted.not_after = kNow - days(30);
    CHECK(c.judge());
  }
  SECTION("also with another name if the installed name is not the account") {
    c.installed_wanted.common_name = "gateway.example.com";
    c.wanted.common_name = "other.example.com";
    CHECK(c.judge());
  }
}

TEST_CASE("a renewed certificate is refused, and the message names both sides") {
  Case c;
  SECTION("without its key") {
    c.spoil = [](Keystore& candidate) { candidate.key.reset(); };
    check_refused(c.judge(), RejectionReason::no_key, "key");
  }
  SECTION("with another key") {
    c.spoil = [&](Keystore& candidate) { candidate.key = mint(c.wanted).key; };
    check_refused(c.judge(), RejectionReason::key_mismatch, "key");
  }
  SECTION("expired, even though it is later than the installed one") {
    c.wanted.not_after = kNow - days(1);
    c.installed_wanted.not_after = kNow - days(2);
    check_refused(c.judge(), RejectionReason::expired, "2026-11-22T19:00:00Z");
  }
  SECTION("expired before not later, when it is both") {
    c.wanted.not_after = kNow - days(2);
    c.installed_wanted.not_after = kNow - days(1);
    check_refused(c.judge(), RejectionReason::expired, "expired");
  }
  SECTION("earlier than the installed one") {
    c.wanted.not_after = kNow + days(9);
    check_refused(c.judge(), RejectionReason::not_later, "2026-12-02T19:00:00Z");
  }
  SECTION("exactly as late as the installed one") {
    c.wanted.not_after = c.installed_wanted.not_after;
    check_refused(c.judge(), RejectionReason::not_later, "2026-12-03T19:00:00Z");
  }
  SECTION("valid only from six minutes ahead") {
    c.wanted.not_before = kNow + minutes(6);
    check_refused(c.judge(), RejectionReason::not_yet_valid, "2026-11-23T19:06:00Z");
  }
  SECTION("of another account") {
    c.wanted.common_name = "someone\nelse";
    check_refused(c.judge(), RejectionReason::wrong_account, "someone else");
  }
}

TEST_CASE("with keystore.ca_file a renewed certificate must chain to it") {
  const Wanted authority{
      .common_name = "Root", .not_before = kNow - days(1000), .not_after = kNow + days(1000), .authority = true};
  const Minted root = mint(authority);
  Wanted between = authority;
  between.common_name = "Intermediate";
  between.issuer = &root;
  const Minted intermediate = mint(between);
  const Minted installed =
      mint({.common_name = std::string(kAccount), .not_before = kNow - days(355), .not_after = kNow + days(10)});
  const Minted renewed = mint({.common_name = std::string(kAccount),
                               .not_before = kNow + minutes(3),
                               .not_after = kNow + days(365),
                               .issuer = &intermediate});
  const auto judge = [&](const std::vector<Certificate>& trusted, const std::vector<Certificate>& chain,
                         TimePoint now) {
    return accept(keystore_of(renewed, chain), keystore_of(installed),
                  {.account_id = std::string(kAccount), .trusted = trusted, .now = now});
  };

  CHECK(judge({root.certificate}, {intermediate.certificate}, kNow));
  CHECK(judge({intermediate.certificate}, {}, kNow));
  CHECK(judge({installed.certificate, root.certificate}, {root.certificate, intermediate.certificate}, kNow));

  check_refused(judge({root.certificate}, {}, kNow), RejectionReason::untrusted, "CN=Root");
  const Minted impostor = mint(authority);
  check_refused(judge({impostor.certificate}, {intermediate.certificate}, kNow), RejectionReason::untrusted,
                "keystore.ca_file");
}

}  // namespace
}  // namespace renewd::certificate
