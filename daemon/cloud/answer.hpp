// The cloud's answer, from bytes as received to the bytes of a keystore file. The answer's shape is not documented
// (docs/decisions), so every plausible one is understood.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "certificate/keystore.hpp"
#include "core/error.hpp"

namespace renewd::cloud {

// Takes the transport encoding off: bare base64 (wrapped, quoted, URL-safe alphabet, with or without padding), a JSON
// string, a JSON object with exactly one base64 member (any name, at most one level down), or PEM as is.
// Rejections: not_base64, too_large.
Result<std::string> decode_answer(std::string_view body);

// A keystore ready to be installed.
struct Candidate {
  std::string bytes;               // what will be in the file
  certificate::Keystore keystore;  // `bytes`, opened: has its key
};

// The installed private key, for a certificate that came without one; nothing when it cannot be read.
using InstalledKey = std::function<std::optional<certificate::PrivateKey>()>;

// Turns an answer into the file to be installed beside `installed`, in the installed file's kind (PEM stays PEM;
// PKCS#12 and JKS become PKCS#12, which a JDK opens under either type). A PKCS#12 that opens with `password` is taken
// byte for byte, unless the gateway would take another certificate out of it (Keystore::ambiguous). A certificate that
// came without key gets the installed key if it belongs to it (of several the last to expire); what must be built
// carries over the installed alias ("cockpit-client" if it has none) and `password`.
// Rejections: not_base64, unknown_format, wrong_password, no_certificate, no_key, key_mismatch, untrusted, too_large.
Result<Candidate> read_answer(std::string_view body, const certificate::Keystore& installed, const Secret& password,
                              const InstalledKey& installed_key);

}  // namespace renewd::cloud
