#include <algorithm>
#include <random>

#include "bags.hpp"
#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"

namespace renewd::certificate {
namespace {

using namespace std::chrono_literals;
using testing::Bag;
using testing::mint;
using testing::Minted;
using testing::open_or_fail;
using testing::password;
using testing::pkcs12_of;
using testing::seen_by_jdk;
using testing::utf16;

constexpr std::chrono::sys_days kBegin = std::chrono::year{2026} / 1 / 1;

// An authority, and two keys with certificates of it: `next` is for the key of `leaf` and lasts longer.
struct People {
  Minted ca = mint({.common_name = "ca", .not_before = kBegin, .not_after = kBegin + 3650 * 24h, .authority = true});
  Minted leaf = mint({.common_name = "leaf", .not_before = kBegin, .not_after = kBegin + 5 * 24h, .issuer = &ca});
  Minted next = mint({.common_name = "next",
                      .not_before = kBegin,
                      .not_after = kBegin + 370 * 24h,
                      .issuer = &ca,
                      .subject_key = &leaf});
  Minted other = mint({.common_name = "other", .not_before = kBegin, .not_after = kBegin + 700 * 24h, .issuer = &ca});
};

const People& people() {
  static const People kPeople;
  return kPeople;
}

Bag key_of(const Minted& of, std::optional<std::string> alias, std::optional<std::string> id) {
  return {&of, true, alias ? std::optional(utf16(*alias)) : std::nullopt, std::move(id)};
}
Bag certificate_of(const Minted& of, std::optional<std::string> alias = {}, std::optional<std::string> id = {}) {
  return {&of, false, alias ? std::optional(utf16(*alias)) : std::nullopt, std::move(id)};
}

bool has_java() {
  if (testing::have_program("java")) {
    return true;
  }
  WARN("skipped: this test asks a JDK");
  return false;
}

std::string serial_in_java(const Certificate& certificate) {
  std::string serial = certificate.serial();
  std::transform(serial.begin(), serial.end(), serial.begin(), [](unsigned char c) { return std::tolower(c); });
  return serial.substr(serial.find_first_not_of('0'));
}

TEST_CASE("the certificate of a PKCS#12 is the one for its key, regardless of order and ids") {
  const auto& [ca, leaf, next, other] = people();
  const Bag key = key_of(leaf, "gateway", "1");
  const Bag own = certificate_of(leaf, "gateway", "1");
  for (const auto& parts : std::vector<std::vector<std::vector<Bag>>>{
           {{certificate_of(ca, {}, "1"), own}, {key}},
           {{own, certificate_of(ca, {}, "1")}, {key}},
           {{certificate_of(ca, "gateway", "1"), certificate_of(leaf)}, {key}},
           {{certificate_of(ca), certificate_of(leaf)}, {key}},
           {{key}, {certificate_of(ca, {}, "1"), certificate_of(leaf, {}, "2")}},
           {{certificate_of(other, "gateway", "1"), certificate_of(ca), own}, {key}},
           {{certificate_of(ca), certificate_of(leaf)}, {key_of(leaf, {}, {})}}}) {
    const auto keystore = open_or_fail(pkcs12_of(parts), password());
    CHECK(keystore.certificate.common_name() == "leaf");
    REQUIRE(keystore.key.has_value());
    CHECK(keystore.certificate.belongs_to(*keystore.key));
  }
}

TEST_CASE("of two certificates for one key, reports the one that the JDK uses") {
  const auto& [ca, leaf, next, other] = people();
  const Bag key = key_of(leaf, "gateway", "1");
  const auto taken = [](const std::vector<std::vector<Bag>>& parts) {
    return open_or_fail(pkcs12_of(parts), password()).certificate.common_name();
  };
  const Bag with_id = certificate_of(next, {}, "1");
  CHECK(taken({{certificate_of(leaf, "gateway", "1"), with_id}, {key}}) == "leaf");
  CHECK(taken({{certificate_of(leaf, {}, "1"), with_id}, {key}}) == "next");
  CHECK(taken({{with_id, certificate_of(leaf, "gateway")}, {key}}) == "next");
  CHECK(taken({{certificate_of(leaf), certificate_of(next, "gateway")}, {key}}) == "next");
  CHECK(taken({{certificate_of(leaf), certificate_of(next)}, {key}}) == "leaf");
}

TEST_CASE("ignores a key entry without a certificate") {
  const auto& [ca, leaf, next, other] = people();
  const auto keystore =
      open_or_fail(pkcs12_of({{key_of(other, "cockpit-client", "1"), key_of(leaf, "gateway", "2")},
                              {certificate_of(ca, "cockpit-client", "1"), certificate_of(leaf, "gateway", "2")}}),
                   password());
  CHECK(keystore.alias == "gateway");
  CHECK(keystore.certificate.common_name() == "leaf");
}

TEST_CASE("of several key entries, reports the one that the JDK's key manager uses") {
  if (!has_java()) {
    return;
  }
  const auto& [ca, leaf, next, other] = people();
  std::vector<std::vector<std::string>> all{
      {"old", "new"}, {"new", "old"}, {"1", "2"}, {"b", "B"}, {"gateway", "cloud", "server"}, {"\x7F", "client", "z"}};
  all.emplace_back();
  for (int i = 0; i < 30; ++i) {
    all.back().push_back("entry-" + std::to_string(i));
  }
  std::vector<std::string> files;
  for (const auto& aliases : all) {
    std::vector<Bag> certificates;
    std::vector<Bag> keys;
    for (std::size_t i = 0; i < aliases.size(); ++i) {
      const Minted& of = i % 2 == 0 ? leaf : other;
      certificates.push_back(certificate_of(of, aliases[i], std::to_string(i)));
      keys.push_back(key_of(of, aliases[i], std::to_string(i)));
    }
    files.push_back(pkcs12_of({certificates, keys}));
  }
  const auto views = seen_by_jdk(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    INFO(all[i].front());
    const auto keystore = open_or_fail(files[i], password());
    CHECK_FALSE(keystore.ambiguous);
    CHECK_THAT(views[i].used, EndsWith("=" + serial_in_java(keystore.certificate)));
  }
}

TEST_CASE("knows whether a JDK uses another certificate, for any order, alias and id") {
  if (!has_java()) {
    return;
  }
  const auto& [ca, leaf, next, other] = people();
  std::mt19937 random(20261126);
  const auto one_of = [&](const std::vector<std::optional<std::string>>& values) {
    return values[random() % values.size()];
  };
  const auto alias = [&] { return one_of({std::nullopt, "gateway", "Gateway", "other"}); };
  const auto id = [&] { return one_of({std::nullopt, "1", "01", "2"}); };
  std::vector<std::string> files;
  for (int i = 0; i < 200; ++i) {
    std::vector<Bag> certificates;
    for (const Minted* of : {&ca, &leaf, &next, &other}) {
      if (of == &leaf || random() % 3 != 0) {
        certificates.push_back(certificate_of(*of, alias(), id()));
      }
    }
    std::shuffle(certificates.begin(), certificates.end(), random);
    std::vector<std::vector<Bag>> parts{certificates, {key_of(leaf, alias(), id())}};
    std::shuffle(parts.begin(), parts.end(), random);
    files.push_back(pkcs12_of(parts));
  }
  const auto views = seen_by_jdk(files);
  int ambiguous = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    CAPTURE(i, views[i].used);
    const auto keystore = open_or_fail(files[i], password());
    CHECK(keystore.certificate.belongs_to(leaf.key));
    CHECK(views[i].used.ends_with("=" + serial_in_java(keystore.certificate)) == !keystore.ambiguous);
    ambiguous += keystore.ambiguous ? 1 : 0;
  }
  CHECK(ambiguous > 20);
  CHECK(ambiguous < 180);
}

}  // namespace
}  // namespace renewd::certificate
