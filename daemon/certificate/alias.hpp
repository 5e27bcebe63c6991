// Converts the names of a keystore's entries from and to UTF-8. PKCS#12 has UTF-16 (a BMPString, in which the JDK and
// OpenSSL write characters beyond U+FFFF as surrogates), JKS has Java's "modified UTF-8". Private to this folder.
//
// OpenSSL's own conversion loses a name that ends in a three-byte character and refuses emojis. This one is lossless:
// an unpaired surrogate becomes three bytes like any character, and is converted back in the same way.
#pragma once

#include <string>
#include <string_view>

namespace renewd::certificate {

// UTF-8 from big-endian UTF-16. Ignores half a unit at the end.
std::string from_utf16(std::string_view big_endian);
// UTF-8 from the format of DataOutput.writeUTF: U+0000 has two bytes, a character beyond U+FFFF is two surrogates.
std::string from_modified_utf8(std::string_view bytes);
// Big-endian UTF-16 from UTF-8. Invalid bytes become U+FFFD.
std::string to_utf16(std::string_view utf8);

}  // namespace renewd::certificate
