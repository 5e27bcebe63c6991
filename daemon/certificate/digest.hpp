// Identifies a file without keeping its bytes, which may contain a private key.
#pragma once

#include <array>
#include <string_view>

namespace renewd::certificate {

using Digest = std::array<unsigned char, 32>;

// SHA-256. All zeros if OpenSSL fails.
Digest digest_of(std::string_view bytes);

}  // namespace renewd::certificate
