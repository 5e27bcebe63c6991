// To recognise a file without keeping it: a keystore in PEM is a private key in plain text.
#pragma once

#include <array>
#include <string_view>

namespace renewd::certificate {

using Digest = std::array<unsigned char, 32>;

// SHA-256. All zeros when OpenSSL cannot compute it, which no bytes have.
Digest digest_of(std::string_view bytes);

}  // namespace renewd::certificate
