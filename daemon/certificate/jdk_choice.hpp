// Which of several entries and certificates in a keystore the gateway's JDK uses. Private to this folder.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace renewd::certificate {

// Sorts key entries by the gateway's preference; `aliases` are in the order of the file. First the alias that Gravitee
// looks up, then the order of the JDK's key manager (SunX509), which takes the first in a HashMap. Ignores the server's
// requirements in the handshake (key types, issuers).
std::vector<std::size_t> gateway_order(const std::vector<std::string>& aliases);

// Attributes of a bag in PKCS#12.
struct BagAttributes {
  std::string alias;                  // friendlyName in UTF-8; empty if there is none
  std::optional<std::string> key_id;  // localKeyID, the same for a key and its certificate
};

// The certificate that the JDK's PKCS12KeyStore assigns to the key, among `candidates` (positions in `certificates`):
// the first with its id and alias, else the last with its id, else the last with its alias.
std::optional<std::size_t> choose_as_jdk(const BagAttributes& key, const std::vector<BagAttributes>& certificates,
                                         const std::vector<std::size_t>& candidates);

}  // namespace renewd::certificate
