#include "certificate/jdk_choice.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "certificate/alias.hpp"
#include "core/text.hpp"

namespace renewd::certificate {
namespace {

// String.hashCode() after HashMap.hash().
std::uint32_t java_hash(const std::string& alias) {
  std::uint32_t hash = 0;
  const std::string units = to_utf16(alias);
  for (std::size_t i = 0; i + 1 < units.size(); i += 2) {
    hash = 31 * hash +
           (std::uint32_t{static_cast<unsigned char>(units[i])} << 8U | static_cast<unsigned char>(units[i + 1]));
  }
  return hash ^ hash >> 16U;
}

}  // namespace

std::vector<std::size_t> gateway_order(const std::vector<std::string>& aliases) {
  constexpr std::string_view kPreferred = "cockpit-client";
  // A HashMap doubles its size when it is three quarters full, and keeps the insertion order within a bucket.
  std::size_t buckets = 16;
  while (aliases.size() * 4 > buckets * 3) {
    buckets *= 2;
  }
  std::map<std::string, std::size_t> last_of;
  for (std::size_t i = 0; i < aliases.size(); ++i) {
    // The JDK's aliases are case-insensitive. Folding ASCII is enough: more would depend on the JDK's Unicode version.
    last_of[lower_case(aliases[i])] = i;
  }
  std::vector<std::pair<std::size_t, std::size_t>> ranked;
  ranked.reserve(last_of.size());
  for (const auto& [alias, position] : last_of) {
    ranked.emplace_back(alias == kPreferred ? 0 : 1 + (java_hash(alias) & (buckets - 1)), position);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::size_t> order;
  order.reserve(ranked.size());
  for (const auto& [rank, position] : ranked) {
    order.push_back(position);
  }
  return order;
}

std::optional<std::size_t> choose_as_jdk(const BagAttributes& key, const std::vector<BagAttributes>& certificates,
                                         const std::vector<std::size_t>& candidates) {
  std::optional<std::size_t> same_id;
  std::optional<std::size_t> same_alias;
  for (const std::size_t i : candidates) {
    const bool id = key.key_id && certificates[i].key_id == key.key_id;
    const bool alias = !key.alias.empty() && lower_case(certificates[i].alias) == lower_case(key.alias);
    if (id && alias) {
      return i;
    }
    same_id = id ? i : same_id;
    same_alias = alias && !id ? i : same_alias;
  }
  return same_id ? same_id : same_alias;
}

}  // namespace renewd::certificate
