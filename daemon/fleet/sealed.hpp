// Seals what one host publishes for the others, so that etcd sees no key: AES-256-GCM with a key derived by HKDF-SHA256
// (RFC 5869) from the fleet's. Bound to the place and the header: neither can be exchanged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/secret.hpp"
#include "fleet/records.hpp"

namespace renewd::fleet {

// 32 random bytes, as text: 64 hexadecimal digits, or base64.
class FleetKey {
 public:
  // Error kind: client_error, for anything else.
  static Result<FleetKey> parse(const Secret& text);
  // As parse() reads it.
  static Secret generate();

  // 16 hexadecimal digits, safe to show: which key it is.
  const std::string& id() const { return id_; }

 private:
  friend struct Sealing;
  explicit FleetKey(Secret bytes);
  Secret bytes_;
  std::string id_;
};

// What a member gets.
struct Contents {
  std::optional<Secret> answer;  // the cloud's, as it came; nothing where it would be too large, or is not known
  Secret identity;               // PEM: PKCS#8 key, certificate, chain
};

// `path` is the etcd key. Fills in `key_id` and `salt` of the header. Errors: bad_answer, too_large.
Result<Published> seal(const FleetKey& key, std::string_view path, Header header, const Contents& contents);

// Tries the key with the header's id. Compares the certificate with the header's. Refusals: wrong_key, tampered,
// too_large, wrong_account.
Accepted<Contents> open(const std::vector<FleetKey>& keys, std::string_view path, std::string_view account,
                        const Published& published);

}  // namespace renewd::fleet
