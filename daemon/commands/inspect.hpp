// `inspect`: what a keystore, or a stored answer of the cloud, holds. It changes nothing and needs no configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "commands/screen.hpp"

namespace renewd::commands {

// Both files may be pipes, as of a shell's <(…).
struct InspectOptions {
  std::filesystem::path keystore;
  std::optional<std::filesystem::path> password_file;
  bool json = false;
};

// Exit status 0, or 1 when the file cannot be read or opened; the reason, and what to do, then goes to `errors`.
//
// With `json`, `out` gets one object on one line:
//   file                the path as given
//   format              "pkcs12", "jks", "pem", "der", "pkcs7"
//   encoding            null, or what was around it in an answer of the cloud: "base64", "JSON base64", "JSON"
//   alias               the entry's name; "" when it has none
//   subject, issuer     RFC 2253
//   serial              upper-case hexadecimal
//   not_before, not_after   RFC 3339, UTC
//   key_type            "RSA 4096", "EC prime256v1", "ED25519"
//   sha256_fingerprint  upper-case hexadecimal without colons
//   key                 "present", "absent", or "not_read": there is one, but keys of JKS files are not read
//   key_matches         whether the certificate belongs to the key; null unless the key is present
//   chain               an array of {subject, issuer, serial, not_after}, issuers in order from the certificate up
//   legacy_encryption   whether it needs OpenSSL's legacy provider
//   ambiguous           whether a gateway that does not compare keys would take another certificate, or none
//   extra_bytes         how many bytes follow the keystore in the file; they are ignored
int inspect(const InspectOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
