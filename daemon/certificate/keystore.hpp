// A keystore of any format, opened to what matters: the certificate, its chain, its key and its alias. The format is
// told by the content, never by a file's name. What it leaves out: whether the content is any good (acceptance).
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

// Damaged and wrong_password are told apart wherever the format allows it: a MAC or a padding that fails on an
// otherwise well-formed structure is a wrong password; anything else that fails is damage.
enum class KeystoreProblem { unknown_format, damaged, wrong_password, no_certificate };

struct KeystoreError {
  KeystoreProblem problem;
  std::string message;  // without the path, which the caller knows
};

struct Keystore {
  Format format;
  // The friendly name (PKCS#12, UTF-8) or entry name (JKS) of the key's entry; empty when it has none.
  std::string alias;
  // The end-entity certificate: the one that the key belongs to, else the one that issued no other in the file.
  Certificate certificate;
  // What else is in the file, issuers in order from the certificate up, then the rest.
  std::vector<Certificate> chain;
  // Absent in formats without keys, in JKS (its keys are there but encrypted with a scheme we do not read), when it is
  // of a type or size that is never installed, and when the file holds none.
  std::optional<PrivateKey> key;
  // There is a key entry in the file, whether or not `key` could be read.
  bool has_key_entry = false;
  // Why `key` was not read where there is an entry: for people.
  std::string unread_key = {};
  // PKCS#12 that needed OpenSSL's legacy provider (RC2-40, old JDKs), for `inspect`.
  bool legacy_encryption = false;
  // PEM whose key is encrypted: a rewritten file must be, too.
  bool encrypted_key = false;
  // A reader that goes by ids or by order instead of by the key takes another certificate of this file, or none: the
  // JDK (PKCS#12), or OpenSSL (PEM). Such an answer is built anew instead of installed as it is.
  bool ambiguous = false;
  // What follows the structure in the file. JDK and OpenSSL do not look at it either.
  std::size_t extra_bytes = 0;
};

// What the first bytes say; nothing when they look like no keystore at all.
std::optional<Format> detect_format(std::string_view bytes);

// Opens a keystore of any format. `password` may be empty: PKCS#12 is then tried with none and with the empty one,
// JKS without checking its integrity.
tl::expected<Keystore, KeystoreError> open_keystore(std::string_view bytes, const Secret& password);

// The same certificates around the one for the public key of `owner`, the one that expires last if there are several;
// unchanged when none is for it. For bundles without a key, whose order means nothing (PKCS#7 sorts them by their
// bytes).
Keystore with_public_key_of(const Certificate& owner, Keystore bundle);

// Builds the bytes of a PKCS#12 file (AES-256-CBC, PBKDF2 and a MAC with SHA-256) that OpenSSL 3, JDK 8u301 and later
// open, under any alias. Error kind: bad_answer.
Result<std::string> write_pkcs12(const Certificate& certificate, const std::vector<Certificate>& chain,
                                 const PrivateKey& key, const std::string& alias, const Secret& password);

// Builds a PEM file: PKCS#8 key first, then the certificate, then its chain. With a password the key is encrypted
// (AES-256-CBC). Error kind: bad_answer.
Result<std::string> write_pem(const Certificate& certificate, const std::vector<Certificate>& chain,
                              const PrivateKey& key, const Secret& password);

// The certificates of a bundle: PEM of any kind (also PKCS#7, and OpenSSL's own with trust settings), one certificate
// in DER, or PKCS#7 in DER. Errors name the block. Error kind: tls.
Result<std::vector<Certificate>> read_bundle(std::string_view bytes);

}  // namespace renewd::certificate
