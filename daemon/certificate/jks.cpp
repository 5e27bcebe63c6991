// JKS, the format of sun.security.provider.JavaKeyStore: big-endian numbers, consecutive entries, and at the end a
// SHA-1 digest of password and data. Keys are not read: their encryption is proprietary, and a renewal needs no old
// key.
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "certificate/alias.hpp"
#include "certificate/formats.hpp"
#include "certificate/jdk_choice.hpp"
#include "certificate/openssl.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

constexpr std::size_t kDigestSize = 20;

// Reads from the front. Past the end, every read is empty and ok() is false, so a length in the file is never trusted.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }

  std::string_view take(std::size_t size) {
    if (!ok_ || size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const char c : take(size)) {
      value = value << 8U | static_cast<unsigned char>(c);
    }
    return value;
  }
  std::string_view text() { return take(number(2)); }  // DataOutput.writeUTF
  std::string_view block() { return take(number(4)); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

struct Entry {
  std::string alias;
  bool is_key = false;
  std::vector<Certificate> certificates;  // of a key: its own first
};

Parsed<Certificate> read_certificate(Cursor& in, std::uint32_t version) {
  if (version == 2 && in.text() != "X.509") {
    return damaged("a certificate in it is not X.509");
  }
  std::string_view der = in.block();
  if (!in.ok()) {
    return damaged("it ends in the middle of a certificate");
  }
  return take_certificate(der);
}

Parsed<Entry> read_entry(Cursor& in, std::uint32_t version) {
  constexpr std::uint32_t kKeyTag = 1;
  constexpr std::uint32_t kCertificateTag = 2;
  const std::uint32_t tag = in.number(4);
  if (!in.ok() || (tag != kKeyTag && tag != kCertificateTag)) {
    return damaged("it has an entry of an unknown type");
  }
  Entry entry;
  entry.is_key = tag == kKeyTag;
  entry.alias = from_modified_utf8(in.text());
  in.take(8);  // creation time
  std::uint32_t count = 1;
  if (entry.is_key) {
    in.block();
    count = in.number(4);
  }
  if (!in.ok() || count > kCertificateLimit) {
    return damaged("an entry in it is longer than the file");
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_LET(auto certificate, read_certificate(in, version));
    entry.certificates.push_back(std::move(certificate));
  }
  return entry;
}

Parsed<std::vector<Entry>> read_entries(Cursor& in) {
  in.take(4);  // magic number
  const std::uint32_t version = in.number(4);
  const std::uint32_t count = in.number(4);
  if (!in.ok() || (version != 1 && version != 2)) {
    return damaged(fmt::format("unknown JKS version {}", version));
  }
  std::vector<Entry> entries;
  std::size_t certificates = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_LET(auto entry, read_entry(in, version));
    certificates += entry.certificates.size();
    if (certificates > kCertificateLimit) {
      return too_many_entries();
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// SHA-1 of the password in UTF-16, a fixed phrase, and the data.
bool digest_matches(std::string_view data, std::string_view digest, std::string_view password) {
  unsigned char* utf16 = nullptr;
  int size = 0;
  OPENSSL_utf82uni(password.data(), static_cast<int>(password.size()), &utf16, &size);
  if (utf16 == nullptr || size < 2) {
    return false;
  }
  const auto length = static_cast<std::size_t>(size) - 2;  // without the terminating zero
  constexpr std::string_view kPhrase = "Mighty Aphrodite";
  std::array<unsigned char, EVP_MAX_MD_SIZE> computed{};
  const EvpMdCtxPtr context(EVP_MD_CTX_new());
  const bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), utf16, length) == 1 &&
                    EVP_DigestUpdate(context.get(), kPhrase.data(), kPhrase.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), computed.data(), nullptr) == 1;
  OPENSSL_clear_free(utf16, static_cast<std::size_t>(size));
  return done && CRYPTO_memcmp(computed.data(), digest.data(), kDigestSize) == 0;
}

// The entry whose key the gateway uses; null if no entry has a key with certificates.
const Entry* choose(const std::vector<Entry>& entries) {
  std::vector<const Entry*> usable;
  std::vector<std::string> aliases;
  for (const auto& entry : entries) {
    if (entry.is_key && !entry.certificates.empty()) {
      usable.push_back(&entry);
      aliases.push_back(entry.alias);
    }
  }
  return usable.empty() ? nullptr : usable[gateway_order(aliases).front()];
}

}  // namespace

Parsed<Keystore> open_jks(std::string_view bytes, const Secret& password) {
  Cursor in(bytes);
  TRY_LET(auto entries, read_entries(in));
  const std::string_view data = bytes.substr(0, bytes.size() - in.left().size());
  const std::string_view digest = in.take(kDigestSize);
  if (!in.ok()) {
    return damaged("it ends within the digest after its last entry");
  }
  if (!password.empty() && !digest_matches(data, digest, password.view())) {
    return wrong_password(password, "the keystore");
  }
  const Entry* chosen = choose(entries);
  std::vector<Certificate> certificates;
  std::vector<std::string> aliases;
  std::optional<std::size_t> end_entity;
  for (const auto& entry : entries) {
    if (&entry == chosen) {
      // The key's own certificate comes first in a correct entry, but some begin with an issuer.
      end_entity = certificates.size() + find_end_entity(entry.certificates);
    }
    certificates.insert(certificates.end(), entry.certificates.begin(), entry.certificates.end());
    aliases.insert(aliases.end(), entry.certificates.size(), entry.alias);
  }
  if (!end_entity && !certificates.empty()) {
    end_entity = find_end_entity(certificates);
  }
  auto keystore = assemble(Format::jks, certificates, end_entity);
  if (keystore && end_entity) {
    keystore->alias = aliases[*end_entity];
    keystore->has_key_entry = chosen != nullptr;
    keystore->unread_key = "keys in JKS files are never read";
    keystore->ambiguous =
        chosen != nullptr && X509_cmp(keystore->certificate.get(), chosen->certificates.front().get()) != 0;
    keystore->extra_bytes = in.left().size();
  }
  return keystore;
}

}  // namespace renewd::certificate
