#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "certificate/decryption.hpp"
#include "certificate/formats.hpp"
#include "certificate/key_policy.hpp"
#include "certificate/openssl.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

// More than any gateway has; each costs computations until one matches.
constexpr std::size_t kKeyLimit = 16;

struct Block {
  std::string name;    // "CERTIFICATE"
  std::string header;  // "Proc-Type: 4,ENCRYPTED…" of a traditionally encrypted key, else empty
  Secret der;          // may be a key
};

Parsed<std::vector<Block>> read_blocks(std::string_view pem, std::size_t limit) {
  if (constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF"; pem.starts_with(kByteOrderMark)) {
    pem.remove_prefix(kByteOrderMark.size());
  }
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Block> blocks;
  while (in) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    // The flag ignores trailing blanks, as OpenSSL's own readers do.
    if (PEM_read_bio_ex(in.get(), &name, &header, &data, &size, PEM_FLAG_EAY_COMPATIBLE) != 1) {
      const unsigned long code = ERR_peek_last_error();
      if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
        break;
      }
      ERR_clear_error();
      return blocks.empty() ? damaged("it contains no PEM block") : Parsed<std::vector<Block>>(std::move(blocks));
    }
    if (blocks.size() == limit) {
      OPENSSL_free(name);
      OPENSSL_free(header);
      OPENSSL_clear_free(data, static_cast<std::size_t>(size));
      return too_many_entries();
    }
    blocks.push_back({name, header, Secret({reinterpret_cast<char*>(data), static_cast<std::size_t>(size)})});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  return damaged(fmt::format("PEM block {} is incomplete or not base64", blocks.size() + 1));
}

int password_callback(char* buffer, int size, int /*writing*/, void* argument) {
  const std::string_view password = static_cast<const Secret*>(argument)->view();
  if (password.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::copy(password.begin(), password.end(), buffer);
  return static_cast<int>(password.size());
}

// Encryption by PEM headers (RFC 1421), as of `openssl rsa -aes256 -traditional`.
Parsed<Secret> decrypt_traditional(const Block& block, const Secret& password) {
  if (password.empty()) {
    return wrong_password(password, "the key");
  }
  std::string header = block.header;  // parsed in place
  EVP_CIPHER_INFO cipher{};
  if (PEM_get_EVP_CIPHER_INFO(header.data(), &cipher) != 1) {
    return damaged("the header of its encrypted key cannot be parsed");
  }
  std::vector<unsigned char> data(block.der.view().begin(), block.der.view().end());
  long size = static_cast<long>(data.size());
  Secret argument = password;
  const int done = PEM_do_header(&cipher, data.data(), &size, password_callback, &argument);
  Secret plain;
  if (done == 1) {
    plain = Secret({reinterpret_cast<const char*>(data.data()), static_cast<std::size_t>(size)});
  }
  OPENSSL_cleanse(data.data(), data.size());
  if (done != 1) {
    return decryption_failure(password, "the key");
  }
  return plain;
}

Parsed<Pkcs8Ptr> decrypt_pkcs8(std::string_view der, const Secret& password, DerivationBudget& budget) {
  const unsigned char* position = as_bytes(der);
  const X509SigPtr encrypted(d2i_X509_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (!encrypted) {
    return damaged("its encrypted key cannot be parsed");
  }
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
  TRY(budget.take(*algorithm, "its key"));
  if (password.empty()) {
    return wrong_password(password, "the key");
  }
  const char* data = password.view().data();
  const int size = static_cast<int>(password.view().size());
  Pkcs8Ptr pkcs8(PKCS8_decrypt(encrypted.get(), data, size));
  if (!pkcs8 && unsupported_algorithm()) {
    ERR_clear_error();
    TRY_LET(const LegacyContext legacy, LegacyContext::load());
    TRY(budget.take(*algorithm, "its key"));
    pkcs8.reset(PKCS8_decrypt_ex(encrypted.get(), data, size, legacy.get(), nullptr));
  }
  if (!pkcs8) {
    return decryption_failure(password, "the key");
  }
  return pkcs8;
}

int traditional_type(std::string_view name) {
  return name == "RSA PRIVATE KEY" ? EVP_PKEY_RSA : name == "EC PRIVATE KEY" ? EVP_PKEY_EC : EVP_PKEY_NONE;
}

bool is_encrypted(const Block& block) {
  return block.name == "ENCRYPTED PRIVATE KEY" || block.header.find("ENCRYPTED") != std::string::npos;
}

bool is_key(const Block& block) {
  return block.name == "PRIVATE KEY" || block.name == "ENCRYPTED PRIVATE KEY" ||
         traditional_type(block.name) != EVP_PKEY_NONE;
}

// Parses by the block's name: OpenSSL's decoders that guess the type may ask for a password on the terminal.
Parsed<ReadKey> read_key(const Block& block, const Secret& password, DerivationBudget& budget) {
  Secret der = block.der;
  Pkcs8Ptr pkcs8;
  if (block.name == "ENCRYPTED PRIVATE KEY") {
    TRY_LET(pkcs8, decrypt_pkcs8(der.view(), password, budget));
  } else if (is_encrypted(block)) {
    TRY_LET(der, decrypt_traditional(block, password));
  }
  std::optional<ReadKey> key;
  if (const int type = traditional_type(block.name); type != EVP_PKEY_NONE) {
    key = parse_key(type, der.view());
  } else {
    const unsigned char* position = as_bytes(der.view());
    if (!pkcs8) {
      pkcs8.reset(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(der.view().size())));
    }
    key = pkcs8 ? parse_key(*pkcs8) : std::nullopt;
  }
  if (key) {
    return std::move(*key);
  }
  // With a wrong password, the padding is valid once in 256 times, and the result is noise.
  if (is_encrypted(block)) {
    return wrong_password(password, "the key");
  }
  return damaged("its key cannot be parsed");
}

std::vector<Certificate> single(Certificate certificate) {
  return {std::move(certificate)};
}

Parsed<std::vector<Certificate>> read_certificates(const Block& block) {
  std::string_view der = block.der.view();
  if (block.name == "CERTIFICATE" || block.name == "X509 CERTIFICATE") {
    return take_certificate(der).map(single);
  }
  if (block.name == "TRUSTED CERTIFICATE") {
    return take_trusted_certificate(der).map(single);
  }
  if (block.name == "PKCS7" || block.name == "PKCS #7 SIGNED DATA") {
    return take_pkcs7(der);
  }
  return std::vector<Certificate>();
}

Parsed<std::vector<Certificate>> read_certificates(const std::vector<Block>& blocks, std::size_t limit) {
  std::vector<Certificate> all;
  for (const auto& block : blocks) {
    auto certificates = read_certificates(block);
    if (!certificates) {
      certificates.error().message =
          fmt::format("PEM block {} ({}): {}", &block - blocks.data() + 1, block.name, certificates.error().message);
      return certificates;
    }
    all.insert(all.end(), certificates->begin(), certificates->end());
    if (all.size() > limit) {
      return too_many_entries();
    }
  }
  return all;
}

struct ChosenKey {
  const Block* block = nullptr;  // null if there is no key
  ReadKey read;
  std::optional<std::size_t> certificate;  // that it belongs to
  bool first = true;                       // the first key in the file
};

// The first key that belongs to a certificate, else the first key.
Parsed<ChosenKey> choose_key(const std::vector<Block>& blocks, const std::vector<Certificate>& certificates,
                             const Secret& password) {
  if (static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), is_key)) > kKeyLimit) {
    return damaged(fmt::format("more than {} keys in one file", kKeyLimit));
  }
  DerivationBudget budget;
  ChosenKey chosen;
  for (const auto& block : blocks) {
    if (!is_key(block)) {
      continue;
    }
    TRY_LET(auto read, read_key(block, password, budget));
    const auto owner = std::find_if(certificates.begin(), certificates.end(), [&](const Certificate& certificate) {
      return read.key && certificate.belongs_to(*read.key);
    });
    if (owner != certificates.end()) {
      return ChosenKey{&block, std::move(read), static_cast<std::size_t>(owner - certificates.begin()),
                       chosen.block == nullptr};
    }
    if (chosen.block == nullptr) {
      chosen = {&block, std::move(read), std::nullopt, true};
    }
  }
  return chosen;
}

}  // namespace

Parsed<Keystore> open_pem(std::string_view bytes, const Secret& password) {
  TRY_LET(auto blocks, read_blocks(bytes, kCertificateLimit + kKeyLimit));
  TRY_LET(auto certificates, read_certificates(blocks, kCertificateLimit));
  TRY_LET(auto chosen, choose_key(blocks, certificates, password));
  auto keystore = assemble(Format::pem, certificates, chosen.certificate);
  if (keystore) {
    keystore->has_key_entry = chosen.block != nullptr;
    keystore->key = std::move(chosen.read.key);
    keystore->unread_key = std::move(chosen.read.objection);
    keystore->encrypted_key = chosen.block != nullptr && is_encrypted(*chosen.block);
    keystore->ambiguous = chosen.certificate && (*chosen.certificate != 0 || !chosen.first);
  }
  return keystore;
}

Result<std::vector<Certificate>> read_bundle(std::string_view bytes) {
  ERR_clear_error();
  // The operator's own file, which may contain the system's large bundle.
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  const auto format = detect_format(bytes);
  Parsed<std::vector<Certificate>> certificates;
  if (format == Format::der) {
    certificates = take_certificate(bytes).map(single);
  } else if (format == Format::pkcs7) {
    certificates = take_pkcs7(bytes);
  } else {
    certificates = read_blocks(bytes, kNoLimit).and_then([](const std::vector<Block>& blocks) {
      return read_certificates(blocks, kNoLimit);
    });
  }
  ERR_clear_error();
  if (!certificates) {
    return failure(ErrorKind::tls, "reading a certificate bundle: " + certificates.error().message);
  }
  if (certificates->empty()) {
    return failure(ErrorKind::tls, "reading a certificate bundle: it contains no certificate");
  }
  return *certificates;
}

}  // namespace renewd::certificate
