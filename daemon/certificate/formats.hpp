// What the readers of the single formats share. Private to this folder: everybody else calls open_keystore().
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

// A file with more certificates, or keys, is no gateway's keystore, and ordering a chain takes the square of it.
// Counted while they are collected.
inline constexpr std::size_t kCertificateLimit = 500;

Parsed<Keystore> open_pkcs12(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_pem(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_jks(std::string_view bytes, const Secret& password);
Parsed<Keystore> open_der(std::string_view bytes);
Parsed<Keystore> open_pkcs7(std::string_view bytes);

// Each takes one structure from the front of `der` and leaves what follows: OpenSSL and the JDK ignore that, in a file
// and in a block of PEM or JKS.
Parsed<Certificate> take_certificate(std::string_view& der);
// The same with OpenSSL's trust settings behind it ("TRUSTED CERTIFICATE"), which stay with it.
Parsed<Certificate> take_trusted_certificate(std::string_view& der);
// The certificates of a PKCS#7 bundle; not too many.
Parsed<std::vector<Certificate>> take_pkcs7(std::string_view& der);

// The same certificates as OpenSSL takes them; null when memory is out.
X509StackPtr to_stack(const std::vector<Certificate>& certificates);

// The certificate that issued none of the others, else the first. `certificates` is not empty.
std::size_t find_end_entity(const std::vector<Certificate>& certificates);
// A keystore around one of `certificates`, with the others as its chain. Fails when there are none, or too many.
Parsed<Keystore> assemble(Format format, const std::vector<Certificate>& certificates,
                          std::optional<std::size_t> end_entity = std::nullopt);

tl::unexpected<KeystoreError> too_many_entries();
// A problem with what OpenSSL says about it, which empties its error queue.
tl::unexpected<KeystoreError> problem(KeystoreProblem kind, std::string message);
tl::unexpected<KeystoreError> damaged(std::string message);
// `what` is encrypted, and the password does not open it; says what to do when there is no password at all.
tl::unexpected<KeystoreError> refused_password(const Secret& password, std::string_view what);

inline const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace renewd::certificate
