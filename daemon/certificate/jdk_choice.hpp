// Which entry and which certificate of a keystore the gateway's JDK uses, where there are several. Private to this
// folder.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renewd::certificate {

// The key entries with these aliases, `aliases` being in the order of the file, by which one the gateway uses first:
// the alias that Gravitee looks up, then the order of the JDK's key manager (SunX509), which takes the first of a
// HashMap. What the server asks for in the handshake (types of keys, issuers) is not known here.
std::vector<std::size_t> gateway_order(const std::vector<std::string>& aliases);

// Attributes of a bag of PKCS#12.
struct BagAttributes {
  std::string alias;                  // friendlyName, UTF-8; empty when it has none
  std::optional<std::string> key_id;  // localKeyID: what ties a key to its certificate
};

// Among the bags of certificates at `candidates` (positions in `certificates`) the one that the JDK's PKCS12KeyStore
// gives to the key: the first with its id and alias, else the last with its id, else the last with its alias.
std::optional<std::size_t> choose_as_jdk(const BagAttributes& key, const std::vector<BagAttributes>& certificates,
                                         const std::vector<std::size_t>& candidates);

}  // namespace renewd::certificate
