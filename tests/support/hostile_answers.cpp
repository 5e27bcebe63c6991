#include "support/hostile_answers.hpp"

#include <functional>
#include <memory>
#include <stdexcept>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "support/base64.hpp"

namespace renewd::testing {
namespace {

using Bio = std::shared_ptr<BIO>;
using Key = std::shared_ptr<EVP_PKEY>;
using X509Pointer = std::shared_ptr<X509>;

template <typename T>
T* made(T* object) {
  if (object == nullptr) {
    throw std::runtime_error("OpenSSL cannot make a hostile answer");
  }
  return object;
}

std::string text_of(const std::function<int(BIO*)>& write) {
  const Bio out(made(BIO_new(BIO_s_mem())), BIO_free_all);
  char* data = nullptr;
  if (write(out.get()) != 1) {
    throw std::runtime_error("OpenSSL cannot write a hostile answer");
  }
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// A certificate for any public key: who cannot be made to check its signature does not see that it has none of its own.
X509Pointer certificate_for(EVP_PKEY* key, std::string_view account) {
  X509Pointer x509(made(X509_new()), X509_free);
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 365L * 24 * 3600);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(account.data()), static_cast<int>(account.size()),
                             -1, 0);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get()));
  X509_set_pubkey(x509.get(), key);
  const Key signer(made(EVP_EC_gen("P-256")), EVP_PKEY_free);
  X509_sign(x509.get(), signer.get(), EVP_sha256());
  return x509;
}

std::string pem_of(const Key& key, std::string_view account) {
  const X509Pointer x509 = certificate_for(key.get(), account);
  const std::string certificate = text_of([&](BIO* out) { return PEM_write_bio_X509(out, x509.get()); });
  return certificate + text_of([&](BIO* out) {
           return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
         });
}

struct RsaSizes {
  int modulus;
  int exponent = 17;  // 65537
  int factors = 512;
};

// Not a real key: whoever computes with it takes as long as with one. Every number is a power of two and one.
Key rsa(const RsaSizes& sizes, int even = 0) {
  OSSL_PARAM_BLD* builder = made(OSSL_PARAM_BLD_new());
  std::vector<std::shared_ptr<BIGNUM>> numbers;
  const auto push = [&](const char* name, int bits, int low) {
    numbers.emplace_back(made(BN_new()), BN_free);
    BN_set_bit(numbers.back().get(), bits - 1);
    BN_add_word(numbers.back().get(), static_cast<BN_ULONG>(low));
    OSSL_PARAM_BLD_push_BN(builder, name, numbers.back().get());
  };
  push(OSSL_PKEY_PARAM_RSA_N, sizes.modulus, 1);
  push(OSSL_PKEY_PARAM_RSA_E, sizes.exponent, sizes.exponent == 1 ? 0 : 1 - even);
  push(OSSL_PKEY_PARAM_RSA_D, sizes.modulus, 0);
  for (const char* name : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                           OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}) {
    push(name, sizes.factors, 1);
  }
  OSSL_PARAM* parameters = made(OSSL_PARAM_BLD_to_param(builder));
  EVP_PKEY_CTX* context = made(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  return {made(key), EVP_PKEY_free};
}

Key on_curve(const char* curve, bool explicit_parameters = false) {
  Key key(made(EVP_EC_gen(curve)), EVP_PKEY_free);
  if (explicit_parameters) {
    EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
  }
  return key;
}

// DER by hand, for what OpenSSL would not write.
std::string der(int tag, const std::string& content) {
  std::string length;
  for (std::size_t left = content.size(); left != 0; left >>= 8U) {
    length.insert(length.begin(), static_cast<char>(left & 0xFFU));
  }
  if (content.size() < 0x80) {
    length = static_cast<char>(content.size());
  } else {
    length.insert(length.begin(), static_cast<char>(0x80U | length.size()));
  }
  return static_cast<char>(tag) + length + content;
}

std::string sequence(const std::string& content) {
  return der(0x30, content);
}

std::string object_identifier(int nid) {
  ASN1_OBJECT* object = made(OBJ_nid2obj(nid));
  std::string bytes(static_cast<std::size_t>(i2d_ASN1_OBJECT(object, nullptr)), '\0');
  auto* position = reinterpret_cast<unsigned char*>(bytes.data());
  i2d_ASN1_OBJECT(object, &position);
  return bytes;
}

std::string integer(const std::string& big_endian) {
  return der(0x02, big_endian);
}

std::string pem_block(const std::string& name, const std::string& content) {
  return text_of([&](BIO* out) {
    return PEM_write_bio(out, name.c_str(), "", reinterpret_cast<const unsigned char*>(content.data()),
                         static_cast<long>(content.size())) > 0
               ? 1
               : 0;
  });
}

// A private key that OpenSSL's parser completes with as much arithmetic as its numbers take.
std::string dsa_key(std::size_t bytes) {
  const std::string number = integer("\x7F" + std::string(bytes - 1, '\xFF'));
  return sequence(integer(std::string(1, '\0')) +
                  sequence(object_identifier(NID_dsa) + sequence(number + number + integer("\x02"))) +
                  der(0x04, number));
}

// An encrypted key whose derivation takes 128 * 2^20 * 8 bytes and as much time as `parallel` makes of it.
std::string scrypt_key() {
  const std::string parameters = sequence(der(0x04, "saltsalt") + integer(std::string("\x10\x00\x00", 3)) +
                                          integer("\x08") + integer(std::string("\x00\xFF", 2)));
  const std::string scheme = sequence(object_identifier(NID_aes_256_cbc) + der(0x04, std::string(16, 'i')));
  const std::string algorithm = sequence(object_identifier(NID_pbes2) +
                                         sequence(sequence(object_identifier(NID_id_scrypt) + parameters) + scheme));
  return sequence(algorithm + der(0x04, std::string(64, 'c')));
}

std::string pkcs12_bytes(STACK_OF(PKCS7) * safes, const std::string& password, const EVP_MD* mac) {
  PKCS12* pkcs12 = made(PKCS12_add_safes(safes, 0));
  if (mac != nullptr) {
    PKCS12_set_mac(pkcs12, password.c_str(), -1, nullptr, 0, 1, mac);
  }
  std::string bytes = text_of([&](BIO* out) { return i2d_PKCS12_bio(out, pkcs12); });
  PKCS12_free(pkcs12);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  return bytes;
}

// Safes that each cost `rounds`, and are all under the right password.
std::string many_safes(int count, int rounds, const std::string& password, const EVP_MD* mac = nullptr) {
  STACK_OF(PKCS7)* safes = sk_PKCS7_new_null();
  STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
  for (int i = 0; i < count; ++i) {
    sk_PKCS7_push(safes, made(PKCS12_pack_p7encdata(NID_aes_256_cbc, password.c_str(), -1, nullptr, 0, rounds, bags)));
  }
  sk_PKCS12_SAFEBAG_free(bags);
  return pkcs12_bytes(safes, password, mac);
}

std::string many_certificates(int count, const std::string& password, std::string_view account) {
  STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
  const X509Pointer x509 = certificate_for(on_curve("P-256").get(), account);
  for (int i = 0; i < count; ++i) {
    PKCS12_add_cert(&bags, x509.get());
  }
  STACK_OF(PKCS7)* safes = sk_PKCS7_new_null();
  sk_PKCS7_push(safes, made(PKCS12_pack_p7data(bags)));
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  return pkcs12_bytes(safes, password, nullptr);
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

std::string many_members() {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) {
    text += "\"m" + std::to_string(i) + "\":\"MAA=\",";
  }
  return text + "\"last\":\"MAA=\"}";
}

}  // namespace

std::vector<HostileAnswer> hostile_answers(std::string_view account, const std::string& password) {
  const auto pem = [&](const Key& key) { return pem_of(key, account); };
  const X509Pointer good = certificate_for(on_curve("P-256").get(), account);
  const std::string certificate = text_of([&](BIO* out) { return PEM_write_bio_X509(out, good.get()); });
  const Key x25519(made(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")), EVP_PKEY_free);
  return {
      {"RSA of 262144 bits", pem(rsa({262'144, 17, 131'072})), "untrusted", "a private key of"},
      {"RSA of 16384 bits", pem(rsa({16'384, 17, 8192})), "untrusted", "an RSA key of 16384 bits"},
      {"RSA of 1024 bits", pem(rsa({1024})), "untrusted", "an RSA key of 1024 bits"},
      {"RSA with the exponent 1", pem(rsa({2048, 1})), "untrusted", "public exponent"},
      {"RSA with the exponent 3", pem(rsa({2048, 2})), "untrusted", "public exponent"},
      {"RSA with an even exponent", pem(rsa({2048, 20}, 1)), "untrusted", "public exponent"},
      {"RSA with an exponent of 300 bits", pem(rsa({2048, 300})), "untrusted", "public exponent"},
      {"RSA with factors larger than the modulus", pem(rsa({2048, 17, 16'000})), "untrusted",
       "larger than its 2048 bits"},
      {"EC on a curve of little use", pem(on_curve("secp256k1")), "untrusted", "an EC key on secp256k1"},
      {"EC with explicit parameters", pem(on_curve("P-256", true)), "untrusted", "explicit parameters"},
      {"a key that cannot sign", pem(x25519), "untrusted", "a key of type X25519"},
      {"DSA that is computed while it is parsed", certificate + pem_block("PRIVATE KEY", dsa_key(20'000)), "untrusted",
       "a key of type dsaEncryption"},
      {"a key under scrypt", certificate + pem_block("ENCRYPTED PRIVATE KEY", scrypt_key()), "unknown_format",
       "scrypt"},
      {"many keys", certificate + repeated(pem_block("EC PRIVATE KEY", "0"), 100), "unknown_format",
       "keys in one file"},
      {"many blocks", repeated(pem_block("A", "0"), 10'000), "unknown_format", "more than 500"},
      {"many certificates as PEM", repeated(certificate, 600), "unknown_format", "more than 500"},
      {"many certificates as PKCS#12", base64(many_certificates(1000, password, account)), "unknown_format",
       "more than 500"},
      {"many derivations of a key", base64(many_safes(25, 100'000, password)), "unknown_format", "too many rounds"},
      {"a MAC with MD5", base64(many_safes(1, 1, password, EVP_md5())), "unknown_format", "not supported (md5)"},
      {"a large certificate", pem_block("CERTIFICATE", sequence(std::string(600'000, '\0'))), "too_large", "too many"},
      {"many members", many_members(), "unknown_format", "base64 members"},
  };
}

}  // namespace renewd::testing
