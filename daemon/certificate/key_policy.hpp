// Which keys may be installed: a list of types, sizes and curves. Nothing here computes with a key, so that an answer
// with a hostile one costs nothing. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <openssl/x509.h>

#include "certificate/certificate.hpp"

namespace renewd::certificate {

// For messages.
inline constexpr const char* kAcceptedKeys =
    "RSA and RSA-PSS of 2048 to 8192 bits, EC keys on P-256, P-384 and P-521 as named curves, Ed25519 and Ed448";

// A private key, or why it was left unread.
struct ReadKey {
  std::optional<PrivateKey> key;
  std::string objection;
};
// Of another type than those, or far too large, it is left unread: for DSA and DH keys OpenSSL's parser computes the
// public half, with numbers as large as the file has them. Nothing when it cannot be parsed.
std::optional<ReadKey> parse_key(const PKCS8_PRIV_KEY_INFO& pkcs8);
// The same for what is in a PEM block of its type's own: EVP_PKEY_RSA or EVP_PKEY_EC.
std::optional<ReadKey> parse_key(int type, std::string_view der);

// Each of these says why not, and nothing when there is no objection.

// Whether a certificate's public key may be computed with.
std::optional<std::string> objection_to_key(const Certificate& certificate);
// The same for the private key of such a certificate: its numbers must not be larger than the public ones allow.
std::optional<std::string> objection_to_key(const PrivateKey& key);

}  // namespace renewd::certificate
