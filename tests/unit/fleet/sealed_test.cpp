#include "fleet/sealed.hpp"

#include <boost/json.hpp>

#include "fleet/base64.hpp"
#include "fleet/cryptography.hpp"
#include "minted.hpp"
#include "support/catch.hpp"
#include "support/fleet/examples.hpp"

using namespace renewd;
using namespace renewd::fleet;
using namespace renewd::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kAccount = "7b6f41d3";
const std::string kPath = kKeys.generation();

FleetKey key(char byte) {
  return FleetKey::parse(Secret(encode_base64(std::string(32, byte)))).value();
}

Minted minted() {
  return mint({.common_name = "gateway",
               .not_before = std::chrono::floor<std::chrono::seconds>(kNow),
               .not_after = std::chrono::floor<std::chrono::seconds>(kNow) + 24h * 365});
}

Contents contents_of(const Minted& minted, std::size_t answer = 100) {
  return {Secret(std::string(answer, '\0')),
          Secret(certificate::write_pem(minted.certificate, {}, minted.key, Secret()).value())};
}

// Sealed with key('a').
struct Example {
  Minted certificate = minted();
  Contents contents = contents_of(certificate);
  Header head = with(certificate);
  Published sealed = seal(key('a'), kPath, head, contents).value();

  static Header with(const Minted& minted) {
    Header head = header(3);
    head.certificate = state::record_of(minted.certificate);
    return head;
  }
};

Refusal refusal_of(const Accepted<Contents>& opened) {
  REQUIRE_FALSE(opened);
  CHECK_FALSE(opened.error().message.empty());
  return opened.error().refusal;
}

}  // namespace

TEST_CASE("a fleet key is 64 hexadecimal digits, or base64 of 32 bytes") {
  const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  const FleetKey parsed = FleetKey::parse(Secret(" \n" + digits + "\r\n")).value();
  CHECK(parsed.id() == "0613bf6fd5f429ba");  // by another implementation
  CHECK(parsed.bytes().view().substr(0, 3) == std::string_view("\0\1\2", 3));
  CHECK(FleetKey::parse(Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")).value().id() == parsed.id());
  CHECK(FleetKey::parse(FleetKey::generate().value()));
  CHECK(FleetKey::generate().value() != FleetKey::generate().value());
}

TEST_CASE("any other text is no fleet key, and is not repeated") {
  for (const std::string& text :
       {std::string(), std::string("correct horse"), std::string(63, 'a'), std::string(64, 'g'), std::string(65, 'a'),
        encode_base64(std::string(31, 'k')), encode_base64(std::string(33, 'k')), std::string(64, '\0')}) {
    const auto parsed = FleetKey::parse(Secret(text));
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::client_error);
    CHECK((text.empty() || parsed.error().message.find(text) == std::string::npos));
  }
}

TEST_CASE("what is sealed is opened again, also with the second key") {
  const Example example;
  CHECK(example.sealed.header.key_id == key('a').id());
  CHECK(example.sealed.header.salt.size() == 32);
  CHECK(parse_published(serialize(example.sealed)).value() == example.sealed);
  for (const auto& keys : {std::vector{key('a')}, std::vector{key('b'), key('a')}}) {
    const Contents opened = open(keys, kPath, kAccount, example.sealed).value();
    CHECK(opened.answer == example.contents.answer);
    CHECK(opened.identity == example.contents.identity);
  }
}

TEST_CASE("sealing is AES-256-GCM with a key by HKDF, bound to the path and the header") {
  const Example example;
  const auto derived =
      derive_key(key('a').bytes().view(), example.sealed.header.salt, "gravitee-renewd fleet 1 generation");
  const auto text =
      decrypt(derived.value(), example.sealed.sealed.substr(0, 12),
              kPath + std::string(1, '\0') + example.sealed.header_line, example.sealed.sealed.substr(12));
  const auto object = boost::json::parse(boost::json::string_view(text.value().view())).as_object();
  CHECK(object.at("answer").as_string() == encode_base64(example.contents.answer->view()));
  CHECK(object.at("identity").as_string() == example.contents.identity.view());
}

TEST_CASE("no secret is in a published value, and none is sealed twice alike") {
  const Example example;
  const std::string value = serialize(example.sealed);
  CHECK(value.find("PRIVATE") == std::string::npos);
  CHECK(value.find(encode_base64(example.contents.identity.view()).substr(0, 40)) == std::string::npos);
  CHECK(seal(key('a'), kPath, example.head, example.contents).value().sealed != example.sealed.sealed);
}

TEST_CASE("with another key nothing is opened") {
  const Example example;
  CHECK(refusal_of(open({key('b')}, kPath, kAccount, example.sealed)) == Refusal::wrong_key);
  CHECK(refusal_of(open({}, kPath, kAccount, example.sealed)) == Refusal::wrong_key);
  // A header that names a key which this host has.
  Published renamed = seal(key('b'), kPath, example.head, example.contents).value();
  renamed.header.key_id = key('a').id();
  CHECK(refusal_of(open({key('a')}, kPath, kAccount, renamed)) == Refusal::tampered);
}

TEST_CASE("another account's value is refused by that name") {
  const Example example;
  CHECK(refusal_of(open({key('a')}, kPath, "another", example.sealed)) == Refusal::wrong_account);
}

TEST_CASE("a value in another place is tampered with") {
  const Example example;
  for (std::size_t i = 0; i < kPath.size(); ++i) {
    std::string path = kPath;
    path[i] = static_cast<char>(path[i] ^ 1);
    CHECK(refusal_of(open({key('a')}, path, kAccount, example.sealed)) == Refusal::tampered);
  }
}

TEST_CASE("no byte of the header can be changed") {
  const Example example;
  for (std::size_t i = 0; i < example.sealed.header_line.size(); ++i) {
    Published changed = example.sealed;
    changed.header_line[i] = static_cast<char>(changed.header_line[i] ^ 1);
    CHECK(refusal_of(open({key('a')}, kPath, kAccount, changed)) == Refusal::tampered);
    // As it arrives: it may not even be parsed.
    const auto parsed = parse_published(serialize(changed));
    CHECK((!parsed || !open({key('a')}, kPath, kAccount, *parsed)));
  }
}

TEST_CASE("no byte of the nonce, the ciphertext or the tag can be changed, and none is missing") {
  const Example example;
  for (std::size_t i = 0; i < example.sealed.sealed.size(); ++i) {
    Published changed = example.sealed;
    changed.sealed[i] = static_cast<char>(changed.sealed[i] ^ 1);
    CHECK(refusal_of(open({key('a')}, kPath, kAccount, changed)) == Refusal::tampered);
    changed = example.sealed;
    changed.sealed.resize(i);
    CHECK(refusal_of(open({key('a')}, kPath, kAccount, changed)) == Refusal::tampered);
  }
}

TEST_CASE("what is sealed must be the header's certificate, with its key") {
  Example example;
  Header another = example.head;
  another.certificate.not_after += 24h;
  CHECK(refusal_of(open({key('a')}, kPath, kAccount, seal(key('a'), kPath, another, example.contents).value())) ==
        Refusal::tampered);
  another = example.head;
  another.certificate = state::record_of(minted().certificate);
  CHECK(refusal_of(open({key('a')}, kPath, kAccount, seal(key('a'), kPath, another, example.contents).value())) ==
        Refusal::tampered);
  const std::string pem(example.contents.identity.view());
  example.contents.identity = Secret(pem.substr(pem.find("-----BEGIN CERTIFICATE")));
  CHECK(refusal_of(open({key('a')}, kPath, kAccount, seal(key('a'), kPath, example.head, example.contents).value())) ==
        Refusal::tampered);
}

TEST_CASE("a large answer is left out, and a large identity is not published") {
  Example example;
  example.contents = contents_of(example.certificate, std::size_t{900} * 1024);
  const Published without = seal(key('a'), kPath, example.head, example.contents).value();
  const Contents opened = open({key('a')}, kPath, kAccount, without).value();
  CHECK_FALSE(opened.answer);
  CHECK(opened.identity == example.contents.identity);
  example.contents.identity = Secret(std::string(kPublishedLimit, 'x'));
  CHECK(seal(key('a'), kPath, example.head, example.contents).error().reason == RejectionReason::too_large);
}
