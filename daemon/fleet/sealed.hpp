// Seals what one host publishes for the others, so that etcd sees no key: AES-256-GCM with a key derived by HKDF-SHA256
// (RFC 5869) from the fleet's. Bound to the place and the header: neither can be exchanged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/secret.hpp"
#include "fleet/records.hpp"

namespace renewd::fleet {

// 32 random bytes, as text: 64 hexadecimal digits, or base64.
class FleetKey {
 public:
  // Ignores white space at both ends. Error kind: client_error, for anything else; it does not repeat the text.
  static Result<FleetKey> parse(const Secret& text);
  // As parse() reads it. Error kind: client_error, without random bytes.
  static Result<Secret> generate();

  // 16 hexadecimal digits, safe to show: which key it is.
  const std::string& id() const { return id_; }
  const Secret& bytes() const { return bytes_; }

 private:
  FleetKey(Secret bytes, std::string id) : bytes_(std::move(bytes)), id_(std::move(id)) {}

  Secret bytes_;
  std::string id_;
};

// What a member gets.
struct Contents {
  std::optional<Secret> answer;  // the cloud's, as it came; nothing where it would be too large, or is not known
  Secret identity;               // PEM: PKCS#8 key, certificate, chain
};

// `path` is the etcd key. Fills in `key_id` and `salt` of the header. Leaves out the answer where the value would be
// larger than kPublishedLimit. Error kind: bad_answer, with the reason too_large where the identity alone is.
Result<Published> seal(const FleetKey& key, std::string_view path, Header header, const Contents& contents);

// Uses the key with the header's id. The identity is then a PEM file with a key, and with the header's certificate.
// Refusals: wrong_account, wrong_key, tampered.
Accepted<Contents> open(const std::vector<FleetKey>& keys, std::string_view path, std::string_view account,
                        const Published& published);

}  // namespace renewd::fleet
