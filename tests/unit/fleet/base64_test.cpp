#include "fleet/base64.hpp"

#include "support/catch.hpp"

using namespace renewd::fleet;

TEST_CASE("base64 of RFC 4648, section 10") {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  CHECK(decode_base64(encode_base64(all)) == all);
}

TEST_CASE("a byte string has only one base64 text") {
  for (const char* const text : {"Zg", "Zg=", "Zh==", "Zm9=", " Zg==", "Zg==\n", "Zm 9", "Zm9v\nYg==", "====", "=",
                                 "Z===", "Zg==Zg==", "Zm9-", "Zm9_", "Zm9\xc3", "Z=g="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
}
