#include "fleet/sealed.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/text.hpp"
#include "fleet/base64.hpp"
#include "fleet/cryptography.hpp"

namespace renewd::fleet {
namespace {

namespace json = boost::json;

constexpr std::string_view kSealingInfo = "gravitee-renewd fleet 1 generation";
constexpr std::string_view kKeyIdInfo = "gravitee-renewd fleet 1 key id";
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kSaltBytes = 32;
constexpr int kHexadecimal = 16;

std::optional<std::string> decode_hexadecimal(std::string_view digits) {
  const auto value = [](char c) -> int {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto place = kDigits.find(lower_case(c));
    return place == std::string_view::npos ? -1 : static_cast<int>(place);
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const int high = value(digits[i]);
    const int low = value(digits[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(high * kHexadecimal + low);
  }
  return bytes;
}

std::string hexadecimal(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return digits;
}

// What nobody can exchange: the place, and the header.
std::string additional_data(std::string_view path, std::string_view header_line) {
  std::string data(path);
  data += '\0';
  data += header_line;
  return data;
}

Secret plaintext_of(const Contents& contents, bool with_answer) {
  json::object object;
  if (with_answer && contents.answer) {
    object["answer"] = encode_base64(contents.answer->view());
  }
  object["identity"] = json::string_view(contents.identity.view());
  return Secret(json::serialize(object));
}

std::optional<Contents> contents_of(const Secret& plaintext) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(plaintext.view()), error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto* const identity = object == nullptr ? nullptr : object->if_contains("identity");
  const auto* const text = identity == nullptr ? nullptr : identity->if_string();
  if (text == nullptr) {
    return std::nullopt;
  }
  Contents contents{.answer = std::nullopt, .identity = Secret(*text)};
  if (const auto* const answer = object->if_contains("answer")) {
    const auto* const encoded = answer->if_string();
    const auto decoded = encoded == nullptr ? std::nullopt : decode_base64(*encoded);
    if (!decoded) {
      return std::nullopt;
    }
    contents.answer = Secret(*decoded);
  }
  return contents;
}

// Whether the identity is a PEM file with a key, and with the certificate of the header.
bool is_of(const Secret& identity, const CertificateRecord& certificate) {
  const auto keystore = certificate::open_keystore(identity.view(), Secret());
  return keystore && keystore->format == certificate::Format::pem && keystore->key &&
         state::record_of(keystore->certificate) == certificate;
}

tl::unexpected<Error> sealing_failed(std::string_view why) {
  return failure(ErrorKind::bad_answer, fmt::format("sealing a certificate for the fleet: {}", why));
}

tl::unexpected<RefusedValue> not_opened(Refusal refusal, const Published& published, std::string_view why) {
  return tl::unexpected(
      RefusedValue{refusal, fmt::format("opening generation {} of the fleet, published by {}: {}",
                                        published.header.generation, published.header.published_by, why)});
}

}  // namespace

Result<FleetKey> FleetKey::parse(const Secret& text) {
  const std::string_view digits = trimmed(text.view());
  const auto bytes = digits.size() == 2 * kKeyLength ? decode_hexadecimal(digits) : decode_base64(digits);
  if (!bytes || bytes->size() != kKeyLength) {
    return failure(ErrorKind::client_error,
                   "reading the fleet's key: it is neither 64 hexadecimal digits nor base64 of 32 bytes",
                   "create one with: gravitee-renewd fleet key");
  }
  const auto id = derive_key(*bytes, "", kKeyIdInfo, kKeyIdBytes);
  if (!id) {
    return failure(ErrorKind::client_error, "reading the fleet's key: OpenSSL cannot derive keys (HKDF)");
  }
  return FleetKey(Secret(*bytes), hexadecimal(id->view()));
}

Result<Secret> FleetKey::generate() {
  const auto bytes = random_bytes(kKeyLength);
  if (!bytes) {
    return failure(ErrorKind::client_error, "creating a key for the fleet: OpenSSL has no random bytes");
  }
  return Secret(encode_base64(*bytes));
}

Result<Published> seal(const FleetKey& key, std::string_view path, Header header, const Contents& contents) {
  const auto salt = random_bytes(kSaltBytes);
  const auto nonce = random_bytes(kNonceLength);
  const auto sealing_key = salt ? derive_key(key.bytes().view(), *salt, kSealingInfo) : std::nullopt;
  if (!nonce || !sealing_key) {
    return sealing_failed("OpenSSL has no random bytes, or cannot derive keys (HKDF)");
  }
  header.key_id = key.id();
  header.salt = *salt;
  const std::string line = header_line(header);
  for (const bool with_answer : {true, false}) {
    const auto encrypted =
        encrypt(*sealing_key, *nonce, additional_data(path, line), plaintext_of(contents, with_answer));
    if (!encrypted) {
      return sealing_failed("OpenSSL cannot encrypt (AES-256-GCM)");
    }
    Published published{header, line, *nonce + *encrypted};
    if (serialize(published).size() <= kPublishedLimit) {
      return published;
    }
  }
  return rejection(RejectionReason::too_large,
                   "sealing a certificate for the fleet: with its chain it is larger than 1 MiB");
}

Accepted<Contents> open(const std::vector<FleetKey>& keys, std::string_view path, std::string_view account,
                        const Published& published) {
  if (published.header.account != account) {
    return not_opened(Refusal::wrong_account, published,
                      fmt::format("it is of the account {}", printable(published.header.account)));
  }
  const auto key = std::ranges::find(keys, published.header.key_id, &FleetKey::id);
  if (key == keys.end()) {
    return not_opened(
        Refusal::wrong_key, published,
        fmt::format("it is sealed with the key {}, which this host does not have", printable(published.header.key_id)));
  }
  constexpr std::string_view kChanged = "it was changed since it was sealed";
  if (published.sealed.size() < kNonceLength + kTagLength) {
    return not_opened(Refusal::tampered, published, kChanged);
  }
  const std::string_view sealed = published.sealed;
  const auto opening_key = derive_key(key->bytes().view(), published.header.salt, kSealingInfo);
  const auto plaintext = opening_key
                             ? decrypt(*opening_key, sealed.substr(0, kNonceLength),
                                       additional_data(path, published.header_line), sealed.substr(kNonceLength))
                             : std::nullopt;
  auto contents = plaintext ? contents_of(*plaintext) : std::nullopt;
  if (!contents) {
    return not_opened(Refusal::tampered, published, kChanged);
  }
  if (!is_of(contents->identity, published.header.certificate)) {
    return not_opened(Refusal::tampered, published, "what is sealed is not the certificate of its header, with a key");
  }
  return std::move(*contents);
}

}  // namespace renewd::fleet
