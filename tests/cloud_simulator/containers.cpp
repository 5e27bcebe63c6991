#include "containers.hpp"

#include <openssl/pem.h>
#include <openssl/sha.h>

namespace renewd::simulator {
namespace {

using certificate::BioPtr;
using certificate::Pkcs12Ptr;
using certificate::Pkcs7Ptr;
using certificate::X509StackPtr;

BioPtr memory() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr, "making a buffer");
  return bio;
}

std::string contents_of(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);  // borrowed from the BIO
  return {data, static_cast<std::size_t>(size)};
}

std::string encode(PKCS12* p12) {
  const BioPtr bio = memory();
  require(p12 != nullptr && i2d_PKCS12_bio(bio.get(), p12) == 1, "writing a PKCS#12 file");
  return contents_of(bio);
}

void append_number(std::string& bytes, std::uint64_t number, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    bytes += static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xFFU);
  }
}

void append_utf(std::string& bytes, const std::string& text) {
  append_number(bytes, text.size(), 2);
  bytes += text;
}

struct SafesFree {
  void operator()(STACK_OF(PKCS7) * safes) const { sk_PKCS7_pop_free(safes, PKCS7_free); }
};
struct BagsFree {
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
};

}  // namespace

std::string pkcs12(const Contents& contents, const std::string& password, const char* alias) {
  const X509StackPtr chain(sk_X509_new_null());
  if (contents.issuer != nullptr) {
    require(X509_up_ref(contents.issuer) == 1 && sk_X509_push(chain.get(), contents.issuer) > 0, "chaining");
  }
  const Pkcs12Ptr p12(PKCS12_create(password.c_str(), alias, contents.key, contents.certificate, chain.get(),
                                    NID_aes_256_cbc, NID_aes_256_cbc, PKCS12_DEFAULT_ITER, PKCS12_DEFAULT_ITER, 0));
  return encode(p12.get());
}

// PKCS12_create() refuses such files, so the bags are put together one by one.
std::string odd_pkcs12(const Contents& contents, const std::string& password) {
  STACK_OF(PKCS7)* safes_raw = nullptr;
  if (contents.certificate != nullptr) {
    STACK_OF(PKCS12_SAFEBAG)* bags_raw = nullptr;
    require(PKCS12_add_cert(&bags_raw, contents.certificate) != nullptr, "adding a certificate");
    const std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), BagsFree> bags(bags_raw);
    require(PKCS12_add_safe(&safes_raw, bags.get(), NID_aes_256_cbc, PKCS12_DEFAULT_ITER, password.c_str()) == 1,
            "adding the certificates");
  }
  STACK_OF(PKCS12_SAFEBAG)* bags_raw = nullptr;
  PKCS12_SAFEBAG* bag =  // borrowed from the bags
      PKCS12_add_key(&bags_raw, contents.key, 0, PKCS12_DEFAULT_ITER, NID_aes_256_cbc, password.c_str());
  const std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), BagsFree> bags(bags_raw);
  require(bag != nullptr && PKCS12_add_friendlyname_utf8(bag, kAlias, -1) == 1, "adding a key");
  require(PKCS12_add_safe(&safes_raw, bags.get(), -1, 0, nullptr) == 1, "adding the key");
  const std::unique_ptr<STACK_OF(PKCS7), SafesFree> safes(safes_raw);
  const Pkcs12Ptr p12(PKCS12_add_safes(safes.get(), 0));
  require(p12 && PKCS12_set_mac(p12.get(), password.c_str(), -1, nullptr, 0, PKCS12_DEFAULT_ITER, nullptr) == 1,
          "signing a PKCS#12 file");
  return encode(p12.get());
}

std::string pem(const Contents& contents, const std::string& password) {
  const BioPtr bio = memory();
  if (contents.key != nullptr) {
    const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
    require(PEM_write_bio_PKCS8PrivateKey(bio.get(), contents.key, cipher, password.data(),
                                          static_cast<int>(password.size()), nullptr, nullptr) == 1,
            "writing a PEM key");
  }
  for (X509* certificate : {contents.certificate, contents.issuer}) {
    require(certificate == nullptr || PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a PEM certificate");
  }
  return contents_of(bio);
}

std::string der(X509* certificate) {
  const BioPtr bio = memory();
  require(i2d_X509_bio(bio.get(), certificate) == 1, "writing a DER certificate");
  return contents_of(bio);
}

std::string pkcs7(const Contents& contents) {
  const Pkcs7Ptr bundle(PKCS7_new());
  require(bundle && PKCS7_set_type(bundle.get(), NID_pkcs7_signed) == 1 &&
              PKCS7_content_new(bundle.get(), NID_pkcs7_data) == 1 &&
              PKCS7_add_certificate(bundle.get(), contents.certificate) == 1 &&
              PKCS7_add_certificate(bundle.get(), contents.issuer) == 1,
          "filling a PKCS#7 bundle");
  const BioPtr bio = memory();
  require(i2d_PKCS7_bio(bio.get(), bundle.get()) == 1, "writing a PKCS#7 bundle");
  return contents_of(bio);
}

std::string jks(X509* certificate, const std::string& password) {
  const std::string encoded = der(certificate);
  std::string bytes;
  append_number(bytes, 0xFEEDFEED, 4);
  append_number(bytes, 2, 4);  // version
  append_number(bytes, 1, 4);  // entries
  append_number(bytes, 2, 4);  // a trusted certificate
  append_utf(bytes, kAlias);
  append_number(bytes, 0, 8);  // made in 1970
  append_utf(bytes, "X.509");
  append_number(bytes, encoded.size(), 4);
  bytes += encoded;

  std::string digested;
  for (const char c : password) {
    digested += '\0';
    digested += c;
  }
  digested += "Mighty Aphrodite" + bytes;
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(digested.data()), digested.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  return bytes + digest;
}

EvpPkeyPtr public_key_of(const std::string& bytes, const std::string& password) {
  const BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  X509* certificate = nullptr;
  if (bytes.find("-----BEGIN ") != std::string::npos) {
    certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  } else {
    EVP_PKEY* key = nullptr;
    const Pkcs12Ptr p12(d2i_PKCS12_bio(bio.get(), nullptr));
    require(p12 && PKCS12_parse(p12.get(), password.c_str(), &key, &certificate, nullptr) == 1,
            "opening the file whose key is to be certified");
    EVP_PKEY_free(key);
  }
  const X509Ptr owned(certificate);
  require(owned != nullptr, "finding a certificate in the file whose key is to be certified");
  EvpPkeyPtr key(X509_get_pubkey(owned.get()));
  require(key != nullptr, "reading a public key");
  return key;
}

}  // namespace renewd::simulator
