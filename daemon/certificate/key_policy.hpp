// Which keys may be installed: a list of types, sizes and curves. Nothing here computes with a key, so a hostile one
// does no harm. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <openssl/x509.h>

#include "certificate/certificate.hpp"

namespace renewd::certificate {

// A private key, or why it was not read.
struct ReadKey {
  std::optional<PrivateKey> key;
  std::string objection;
};
// Does not read a key of another type or far beyond the sizes: for DSA and DH, OpenSSL's parser computes the public
// half with numbers from the file. Empty if the key cannot be parsed.
std::optional<ReadKey> parse_key(const PKCS8_PRIV_KEY_INFO& pkcs8);
// The same for a traditional PEM block; `type` is EVP_PKEY_RSA or EVP_PKEY_EC.
std::optional<ReadKey> parse_key(int type, std::string_view der);

// Why it is not safe to compute with a certificate's public key; empty if it is.
std::optional<std::string> objection_to_key(const Certificate& certificate);
// The same for the private key of such a certificate, whose numbers must not be longer than the public key.
std::optional<std::string> objection_to_key(const PrivateKey& key);

}  // namespace renewd::certificate
