#include "bags.hpp"
#include "certificate/keystore.hpp"
#include "fixtures.hpp"
#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/keystores.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::certificate {
namespace {

using namespace std::string_literals;
using testing::Bag;
using testing::open_or_fail;
using testing::password;

struct Name {
  std::string utf16;  // big-endian
  std::string utf8;
};

// A surrogate alone is what a program leaves that cuts a name at a fixed length. As UTF-8 it is three bytes.
const std::vector<Name>& names() {
  static const std::vector<Name> kNames{
      {"\x4E\x16"s, "世"s},
      {"\0a\x20\xAC"s, "a€"s},
      {"\x04\x3A\x04\x3B\x04\x4E\x04\x47"s, "ключ"s},
      {"\xD8\x3D\xDD\x11"s, "🔑"s},
      {"\0k\xD8\x3D\xDD\x11\x4E\x16\0z"s, "k🔑世z"s},
      {"\0a\0\0\0b"s, "a\0b"s},
      {"\0a\0\x1B\0\x0A\0\x7F"s, "a\x1B\n\x7F"s},
      {"\0a\xD8\x3D"s, "a\xED\xA0\xBD"s},
      {"\xDD\x11\0a"s, "\xED\xB4\x91"s + "a"s},
      {"\xFF\xFD\xFF\xFF"s, "\uFFFD\uFFFF"s},
  };
  return kNames;
}

const testing::Minted& leaf() {
  static const testing::Minted kLeaf =
      testing::mint({.common_name = "leaf",
                     .not_before = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1},
                     .not_after = std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}});
  return kLeaf;
}

std::string pkcs12_named(const std::string& utf16) {
  return testing::pkcs12_of({{{&leaf(), false, utf16, "1"}}, {{&leaf(), true, utf16, "1"}}});
}

TEST_CASE("reads an alias of any characters from a PKCS#12, and writes it for a JDK as well") {
  std::vector<std::string> files;
  for (const auto& [utf16, utf8] : names()) {
    INFO(utf8);
    files.push_back(pkcs12_named(utf16));
    const auto keystore = open_or_fail(files.back(), password());
    CHECK(keystore.alias == utf8);
    CHECK_FALSE(keystore.ambiguous);
    const auto built = write_pkcs12(keystore.certificate, keystore.chain, *keystore.key, keystore.alias, password());
    REQUIRE(built);
    CHECK(open_or_fail(*built, password()).alias == utf8);
    files.push_back(*built);
  }
  if (!testing::have_program("java")) {
    WARN("skipped in part: no java");
    return;
  }
  const auto views = testing::seen_by_jdk(files);
  for (std::size_t i = 0; i < files.size(); i += 2) {
    INFO(names()[i / 2].utf8);
    REQUIRE(views[i].entries.size() == 1);
    CHECK(views[i].entries == views[i + 1].entries);
  }
  CHECK_THAT(views[0].used, StartsWith("\\u4E16="));
}

TEST_CASE("reads an alias of any characters from keytool's JKS keystore") {
  if (!testing::have_tools()) {
    return;
  }
  const testing::TemporaryDirectory directory;
  for (const auto& [utf16, utf8] : names()) {
    INFO(utf8);
    testing::write_file(directory / "in.p12", pkcs12_named(utf16));
    std::filesystem::remove(directory / "out.jks");
    testing::convert_to_jks(directory / "in.p12", directory / "out.jks", "changeit");
    const std::string alias = open_or_fail(testing::read_file(directory / "out.jks"), password()).alias;
    // A JDK has no surrogates without partners.
    CHECK(alias == (utf8.find('\xED') == std::string::npos ? utf8 : utf8.starts_with('a') ? "a\uFFFD" : "\uFFFDa"));
  }
}

TEST_CASE("treats an empty alias as none, and can write both") {
  for (const std::optional<std::string>& alias : {std::optional(""s), std::optional<std::string>()}) {
    const std::string bytes = testing::pkcs12_of({{{&leaf(), false, alias, "1"}}, {{&leaf(), true, alias, "1"}}});
    CHECK(open_or_fail(bytes, password()).alias.empty());
  }
  const auto built = write_pkcs12(leaf().certificate, {}, leaf().key, "", password());
  REQUIRE(built);
  CHECK(open_or_fail(*built, password()).alias.empty());
}

TEST_CASE("reads an alias that is not a BMPString, and knows that a JDK cannot open the file") {
  const Bag certificate{.of = &leaf(), .id = "1"};
  const Bag key{.of = &leaf(), .key = true, .id = "1", .alias_utf8 = "clé"};
  const std::string bytes = testing::pkcs12_of({{certificate}, {key}});
  const auto keystore = open_or_fail(bytes, password());
  CHECK(keystore.alias == "clé");
  CHECK(keystore.ambiguous);
  if (testing::have_program("java")) {
    CHECK(testing::seen_by_jdk({bytes}).front().used == "FAILED");
  }
}

TEST_CASE("writes a file even if the alias is not UTF-8") {
  for (const std::string alias : {"\xFF", "a\xC3", "\xE4\xB8", "\xF5\x80\x80\x80", "\x80z"}) {
    const auto built = write_pkcs12(leaf().certificate, {}, leaf().key, alias, password());
    REQUIRE(built);
    CHECK_THAT(open_or_fail(*built, password()).alias, ContainsSubstring("\uFFFD"));
  }
}

}  // namespace
}  // namespace renewd::certificate
