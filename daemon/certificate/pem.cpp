#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "certificate/decryption.hpp"
#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {
namespace {

struct Block {
  std::string name;    // "CERTIFICATE"
  std::string header;  // "Proc-Type: 4,ENCRYPTED…" of old encrypted keys, else empty
  Secret der;          // may be a key
};

Parsed<std::vector<Block>> read_blocks(std::string_view pem) {
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
    if (PEM_read_bio_ex(in.get(), &name, &header, &data, &size, 0) != 1) {
      const unsigned long code = ERR_peek_last_error();
      if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE && !blocks.empty()) {
        ERR_clear_error();
        return blocks;
      }
      break;
    }
    blocks.push_back({name, header, Secret({reinterpret_cast<char*>(data), static_cast<std::size_t>(size)})});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  return damaged("a PEM block is incomplete or no base64");
}

int give_password(char* buffer, int size, int /*writing*/, void* argument) {
  const std::string_view password = static_cast<const Secret*>(argument)->view();
  if (password.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::copy(password.begin(), password.end(), buffer);
  return static_cast<int>(password.size());
}

// Old encryption inside PEM headers (RFC 1421), as `openssl rsa -aes256 -traditional` writes it.
Parsed<Secret> decrypt_traditional(const Block& block, const Secret& password) {
  if (password.empty()) {
    return refused_password(password, "the key");
  }
  std::string header = block.header;  // OpenSSL parses it in place
  EVP_CIPHER_INFO cipher{};
  if (PEM_get_EVP_CIPHER_INFO(header.data(), &cipher) != 1) {
    return damaged("the header of its encrypted key cannot be parsed");
  }
  std::vector<unsigned char> data(block.der.view().begin(), block.der.view().end());
  long size = static_cast<long>(data.size());
  Secret argument = password;
  const int done = PEM_do_header(&cipher, data.data(), &size, give_password, &argument);
  Secret plain;
  if (done == 1) {
    plain = Secret({reinterpret_cast<const char*>(data.data()), static_cast<std::size_t>(size)});
  }
  OPENSSL_cleanse(data.data(), data.size());
  if (done == 1) {
    return plain;
  }
  if (unsupported_algorithm()) {
    return problem(KeystoreProblem::unknown_format,
                   "its key is encrypted with an algorithm that OpenSSL does not have");
  }
  return refused_password(password, "the key");
}

Parsed<Pkcs8Ptr> decrypt_pkcs8(std::string_view der, const Secret& password) {
  const unsigned char* position = as_bytes(der);
  const X509SigPtr encrypted(d2i_X509_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (!encrypted) {
    return damaged("its encrypted key cannot be parsed");
  }
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
  if (!affordable(*algorithm)) {
    return damaged("its key asks for too many rounds of key derivation");
  }
  if (password.empty()) {
    return refused_password(password, "the key");
  }
  const char* data = password.view().data();
  const int size = static_cast<int>(password.view().size());
  Pkcs8Ptr pkcs8(PKCS8_decrypt(encrypted.get(), data, size));
  if (!pkcs8 && unsupported_algorithm()) {
    ERR_clear_error();
    const LegacyContext legacy;
    if (!legacy.loaded()) {
      return problem(KeystoreProblem::unknown_format, std::string(kLegacyMissing));
    }
    pkcs8.reset(PKCS8_decrypt_ex(encrypted.get(), data, size, legacy.get(), nullptr));
  }
  if (!pkcs8) {
    if (unsupported_algorithm()) {
      return problem(KeystoreProblem::unknown_format,
                     "its key is encrypted with an algorithm that OpenSSL does not have");
    }
    return refused_password(password, "the key");
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

// Parsed by the block's name instead of by trial: OpenSSL's decoders that guess may ask for a password on the terminal.
Parsed<PrivateKey> read_key(const Block& block, const Secret& password) {
  Secret der = block.der;
  Pkcs8Ptr pkcs8;
  if (block.name == "ENCRYPTED PRIVATE KEY") {
    auto decrypted = decrypt_pkcs8(der.view(), password);
    if (!decrypted) {
      return tl::unexpected(std::move(decrypted.error()));
    }
    pkcs8 = std::move(*decrypted);
  } else if (is_encrypted(block)) {
    auto decrypted = decrypt_traditional(block, password);
    if (!decrypted) {
      return tl::unexpected(std::move(decrypted.error()));
    }
    der = std::move(*decrypted);
  }
  const unsigned char* position = as_bytes(der.view());
  const long size = static_cast<long>(der.view().size());
  EvpPkeyPtr key;
  if (const int type = traditional_type(block.name); type != EVP_PKEY_NONE) {
    key.reset(d2i_PrivateKey(type, nullptr, &position, size));
  } else {
    if (!pkcs8) {
      pkcs8.reset(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, size));
    }
    key.reset(pkcs8 ? EVP_PKCS82PKEY(pkcs8.get()) : nullptr);
  }
  if (key) {
    return PrivateKey(key.release());
  }
  // A wrong password passes the check of the padding once in 256 times, and gives noise.
  if (is_encrypted(block)) {
    return refused_password(password, "the key");
  }
  return damaged("its key cannot be parsed");
}

Parsed<std::vector<Certificate>> read_certificates(const Block& block) {
  if (block.name == "CERTIFICATE" || block.name == "X509 CERTIFICATE") {
    auto certificate = parse_certificate(block.der.view());
    if (!certificate) {
      return tl::unexpected(std::move(certificate.error()));
    }
    return std::vector<Certificate>{*certificate};
  }
  if (block.name == "PKCS7" || block.name == "PKCS #7 SIGNED DATA") {
    return parse_pkcs7(block.der.view());
  }
  return std::vector<Certificate>();
}

Parsed<std::vector<Certificate>> read_certificates(const std::vector<Block>& blocks) {
  std::vector<Certificate> all;
  for (const auto& block : blocks) {
    auto certificates = read_certificates(block);
    if (!certificates) {
      return certificates;
    }
    all.insert(all.end(), certificates->begin(), certificates->end());
  }
  return all;
}

}  // namespace

Parsed<Keystore> open_pem(std::string_view bytes, const Secret& password) {
  auto blocks = read_blocks(bytes);
  if (!blocks) {
    return tl::unexpected(std::move(blocks.error()));
  }
  auto certificates = read_certificates(*blocks);
  if (!certificates) {
    return tl::unexpected(std::move(certificates.error()));
  }
  // Of several keys, the first that belongs to a certificate.
  std::optional<PrivateKey> key;
  std::optional<std::size_t> end_entity;
  bool encrypted = false;
  for (const auto& block : *blocks) {
    if (!is_key(block) || end_entity) {
      continue;
    }
    auto read = read_key(block, password);
    if (!read) {
      return tl::unexpected(std::move(read.error()));
    }
    const auto owner = std::find_if(certificates->begin(), certificates->end(),
                                    [&](const Certificate& certificate) { return certificate.belongs_to(*read); });
    if (owner != certificates->end()) {
      end_entity = static_cast<std::size_t>(owner - certificates->begin());
    }
    if (!key || end_entity) {
      key = std::move(*read);
      encrypted = is_encrypted(block);
    }
  }
  auto keystore = assemble(Format::pem, *certificates, end_entity);
  if (keystore) {
    keystore->has_key_entry = key.has_value();
    keystore->key = std::move(key);
    keystore->encrypted_key = encrypted;
  }
  return keystore;
}

Result<std::vector<Certificate>> read_bundle(std::string_view pem) {
  ERR_clear_error();
  const auto certificates =
      read_blocks(pem).and_then([](const std::vector<Block>& blocks) { return read_certificates(blocks); });
  ERR_clear_error();
  if (!certificates) {
    return failure(ErrorKind::tls, "reading a certificate bundle: " + certificates.error().message);
  }
  if (certificates->empty()) {
    return failure(ErrorKind::tls, "reading a certificate bundle: it holds no certificate");
  }
  return *certificates;
}

}  // namespace renewd::certificate
