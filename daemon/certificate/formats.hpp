// Shared by the readers of the formats. Private to this folder: other folders call open_keystore().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "certificate/keystore.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {

template <typename T>
using Parsed = tl::expected<T, KeystoreError>;

// More certificates and keys than any gateway's keystore. Checked while they are collected: ordering a chain takes
// quadratic time.
inline constexpr std::size_t kCertificateLimit = 500;

Parsed<Keystore> open_pkcs12(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_pem(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_jks(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_der(std::string_view bytes);
Parsed<Keystore> open_pkcs7(std::string_view bytes);

// Each removes one structure from the front of `der`. OpenSSL and the JDK ignore what follows, in a file and in a block
// of PEM or JKS.
Parsed<Certificate> take_certificate(std::string_view& der);
// The same, with OpenSSL's trust settings ("TRUSTED CERTIFICATE"), which the certificate keeps.
Parsed<Certificate> take_trusted_certificate(std::string_view& der);
// The certificates of a PKCS#7 bundle, up to kCertificateLimit.
Parsed<std::vector<Certificate>> take_pkcs7(std::string_view& der);

// The first certificate that issued none of the others, else the first of all. `certificates` must not be empty.
std::size_t find_end_entity(const std::vector<Certificate>& certificates);
// A keystore of one of `certificates`, with the others as its chain. Fails if there are none, or too many.
Parsed<Keystore> assemble(Format format, const std::vector<Certificate>& certificates,
                          std::optional<std::size_t> end_entity = std::nullopt);

tl::unexpected<KeystoreError> too_many_entries();
// Appends OpenSSL's errors to the message and empties its error queue.
tl::unexpected<KeystoreError> problem(KeystoreProblem kind, std::string message);
tl::unexpected<KeystoreError> damaged(std::string message);
// For `what`, which is encrypted. Without any password, the message says what to do.
tl::unexpected<KeystoreError> wrong_password(const Secret& password, std::string_view what);

inline const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace renewd::certificate
