// Opens a keystore of any format: the certificate, its chain, its key and its alias. Detects the format by the content,
// never by a file's name. Does not judge the content (see acceptance.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "certificate/certificate.hpp"
#include "core/error.hpp"
#include "core/secret.hpp"

namespace renewd::certificate {

// Larger files are no keystores.
inline constexpr std::size_t kKeystoreLimit = std::size_t{1024} * 1024;

// `der` is a bare X.509 certificate, `pkcs7` a bundle of certificates without keys.
enum class Format { pkcs12, jks, pem, der, pkcs7 };
std::string_view to_string(Format format);
// For people: "PKCS#12", "JKS", "PEM", "DER certificate", "PKCS#7".
std::string_view display_name(Format format);

// An invalid MAC or padding in a well-formed structure means wrong_password; any other failure means damaged.
enum class KeystoreProblem { unknown_format, damaged, wrong_password, no_certificate };

struct KeystoreError {
  KeystoreProblem problem;
  std::string message;  // without the path, which the caller knows
};

struct Keystore {
  Format format;
  // The friendly name (PKCS#12, UTF-8) or entry name (JKS) of the key's entry; empty if there is none.
  std::string alias;
  // The certificate that the key belongs to, else the first one that issued no other in the file.
  Certificate certificate;
  // The other certificates in the file: the issuers in order from the certificate up, then the rest.
  std::vector<Certificate> chain;
  // Empty if the file has no key, if the key's type or size is never installed, and for JKS, whose keys are never read.
  std::optional<PrivateKey> key;
  // Whether there is a key in the file, even if it was not read.
  bool has_key_entry = false;
  // For people: why the key in the file was not read.
  std::string unread_key = {};
  // A PKCS#12 file that needs OpenSSL's legacy provider (RC2-40, old JDKs).
  bool legacy_encryption = false;
  // PEM with an encrypted key. A new file must encrypt it, too.
  bool encrypted_key = false;
  // The JDK (PKCS#12) or OpenSSL (PEM), which go by ids or order, would use another certificate of this file with the
  // key, or none. Such an answer is not installed as it is, but rebuilt.
  bool ambiguous = false;
  // The number of bytes after the structure. The JDK and OpenSSL ignore them, too.
  std::size_t extra_bytes = 0;
};

// By the first bytes; empty if they are not a keystore's.
std::optional<Format> detect_format(std::string_view bytes);
// Whether a file in DER (PKCS#12, a certificate, PKCS#7) has all the bytes that its header states.
bool is_whole_der(std::string_view bytes);

// With an empty password, PKCS#12 is tried without a password and with the empty one, and the integrity of JKS is not
// checked.
tl::expected<Keystore, KeystoreError> open_keystore(std::string_view bytes, const Secret& password);

// The same certificates, but with the one for the public key of `owner` as the keystore's certificate (if there are
// several, the one that expires last). Unchanged if there is none. For bundles without a key, whose order is
// meaningless (PKCS#7 sorts certificates by their bytes).
Keystore with_public_key_of(const Certificate& owner, Keystore bundle);

// Builds a PKCS#12 file (AES-256-CBC, PBKDF2, and a MAC with SHA-256) that OpenSSL 3 and JDK 8u301 or later can open,
// with any alias. Error kind: bad_answer.
Result<std::string> write_pkcs12(const Certificate& certificate, const std::vector<Certificate>& chain,
                                 const PrivateKey& key, const std::string& alias, const Secret& password);

// Builds a PEM file: PKCS#8 key first, then the certificate, then its chain. With a password the key is encrypted
// (AES-256-CBC). Error kind: bad_answer.
Result<std::string> write_pem(const Certificate& certificate, const std::vector<Certificate>& chain,
                              const PrivateKey& key, const Secret& password);

// The certificates of a bundle: PEM (including PKCS#7, and OpenSSL's certificates with trust settings), one certificate
// in DER, or PKCS#7 in DER. The message of an error names the block. Error kind: tls.
Result<std::vector<Certificate>> read_bundle(std::string_view bytes);

}  // namespace renewd::certificate
