// Turns the cloud's answer into a keystore file. The form of the answer is not documented, so all plausible forms are
// accepted (docs/decisions/0005-many-shapes.md).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "certificate/keystore.hpp"
#include "core/error.hpp"

namespace renewd::cloud {

// Removes the transport encoding. Accepts base64 (wrapped, quoted, URL-safe alphabet, with or without padding), a JSON
// string, a JSON object with exactly one base64 member (any name, at most one level down), and PEM.
// Rejections: not_base64, too_large.
Result<std::string> decode_answer(std::string_view body);

// Whether nothing of an answer is missing, as its own form shows: an encoded PKCS#12 file, certificate or bundle in
// DER. Never of PEM, which does not show how many certificates follow.
bool is_whole_answer(std::string_view body);

// A keystore that may be installed.
struct Candidate {
  std::string bytes;
  certificate::Keystore keystore;  // `bytes`, opened, with its key
};

// The installed private key, for a certificate that came without one; nothing when it cannot be read.
using InstalledKey = std::function<std::optional<certificate::PrivateKey>()>;

// Turns an answer into a file that can replace `installed`: PEM for PEM; PKCS#12 for PKCS#12 and JKS (a JDK opens it as
// either type). Uses a PKCS#12 that opens with `password` unchanged, unless the gateway might choose another
// certificate from it (Keystore::ambiguous). A certificate without a key gets the installed key if it matches (of
// several, the last to expire). A new keystore gets the installed alias ("cockpit-client" if there is none) and
// `password`. Rejections: not_base64, unknown_format, wrong_password, no_certificate, no_key, key_mismatch, untrusted,
// too_large.
Result<Candidate> read_answer(std::string_view body, const certificate::Keystore& installed, const Secret& password,
                              const InstalledKey& installed_key);

}  // namespace renewd::cloud
