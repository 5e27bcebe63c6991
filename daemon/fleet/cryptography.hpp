// What sealing is made of, by OpenSSL. Nothing where OpenSSL fails; its error queue is then empty again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace renewd::fleet {

inline constexpr std::size_t kKeyLength = 32;
inline constexpr std::size_t kNonceLength = 12;
inline constexpr std::size_t kTagLength = 16;

std::optional<std::string> random_bytes(std::size_t length);

// HKDF-SHA256 (RFC 5869).
std::optional<Secret> derive_key(std::string_view key, std::string_view salt, std::string_view info,
                                 std::size_t length = kKeyLength);

// AES-256-GCM: the ciphertext, and the tag.
std::optional<std::string> encrypt(const Secret& key, std::string_view nonce, std::string_view additional_data,
                                   const Secret& plaintext);
// Nothing unless the tag proves that none of it was changed.
std::optional<Secret> decrypt(const Secret& key, std::string_view nonce, std::string_view additional_data,
                              std::string_view ciphertext_and_tag);

}  // namespace renewd::fleet
