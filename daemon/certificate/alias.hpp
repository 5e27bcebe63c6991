// The names of a keystore's entries, between UTF-8 and what keystores hold: UTF-16 in PKCS#12 (a BMPString, in which
// the JDK and OpenSSL write characters beyond U+FFFF as surrogates), and Java's "modified UTF-8" in JKS. Private to
// this folder.
//
// OpenSSL's own conversion loses a name that ends in a three-byte character, and refuses one with an emoji. Nothing is
// lost here: a surrogate without its partner becomes three bytes, as if it were a character, and goes back the same
// way.
#pragma once

#include <string>
#include <string_view>

namespace renewd::certificate {

// UTF-8 from UTF-16 in big-endian order. Half a unit at the end is left out.
std::string from_utf16(std::string_view big_endian);
// UTF-8 from what DataOutput.writeUTF wrote: U+0000 is two bytes in it, a character beyond U+FFFF two surrogates.
std::string from_modified_utf8(std::string_view bytes);
// The way back. Bytes that are no UTF-8 become U+FFFD.
std::string to_utf16(std::string_view utf8);

}  // namespace renewd::certificate
