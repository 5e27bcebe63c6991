// `inspect`: shows the content of a keystore or a stored answer. Needs no configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "commands/screen.hpp"

namespace renewd::commands {

// Both files may be pipes, like a shell's <(…).
struct InspectOptions {
  std::filesystem::path keystore;
  std::optional<std::filesystem::path> password_file;
  bool json = false;
};

// Exit status: 0, or 1 if the file cannot be read or opened; reports why, and what to do, on `errors`.
//
// With `json`, `out` gets one object on one line:
//   file                the path as given
//   format              "pkcs12", "jks", "pem", "der", "pkcs7"
//   encoding            of an answer: "base64", "JSON base64", "JSON"; null for a keystore
//   alias               the entry's name; may be empty
//   subject, issuer     RFC 2253
//   serial              upper-case hexadecimal
//   not_before, not_after   RFC 3339, UTC
//   key_type            "RSA 4096", "EC prime256v1", "ED25519"
//   sha256_fingerprint  upper-case hexadecimal without colons
//   key                 "present", "absent", or "not_read", as in JKS files, whose keys are never read
//   key_matches         whether the certificate belongs to the key; null unless the key is present
//   chain               an array of {subject, issuer, serial, not_after}, issuers in order from the certificate up
//   legacy_encryption   whether it needs OpenSSL's legacy provider
//   ambiguous           whether a gateway that does not compare keys would use another certificate, or none
//   extra_bytes         how many bytes follow the keystore in the file
int inspect(const InspectOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors);

}  // namespace renewd::commands
