// A keystore as OpenSSL sees it, in this process because that is done hundreds of times. Nothing here goes through the
// daemon's own code.
#pragma once

#include <optional>
#include <string>

namespace renewd::testing {

// The certificate, as DER, of a PKCS#12 or PEM file that is whole: it opens with the password, and its private key
// belongs to its certificate. Nothing for any other.
std::optional<std::string> certificate_of_whole(const std::string& bytes, const std::string& password);

// As sha256sum(1) writes it.
std::string sha256(const std::string& bytes);

}  // namespace renewd::testing
