// Builds PKCS#12 and JKS files bag by bag, in shapes that no tool creates but that exist, and shows what a JDK reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "minted.hpp"

namespace renewd::testing {

struct Bag {
  const Minted* of;
  bool key = false;  // its key; else its certificate
  std::optional<std::string> alias_utf16 = {};
  std::optional<std::string> id = {};
  std::optional<std::string> alias_utf8 = {};  // as a UTF8String, which PKCS#9 does not allow
};

// Parts of a PKCS#12 under kPassword, in this order; keys are encrypted one by one, parts are not.
std::string pkcs12_of(const std::vector<std::vector<Bag>>& parts);

// Big-endian UTF-16 of ASCII.
std::string utf16(const std::string& ascii);

struct JdkView {
  std::string used;                  // "alias=serial", or "none"
  std::vector<std::string> entries;  // the same for each entry with a key
};
// Needs java. The format: tests/support/java/KeystoreEntries.java.
std::vector<JdkView> seen_by_jdk(const std::vector<std::string>& files);

}  // namespace renewd::testing
