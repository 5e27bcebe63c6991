// PKCS#12 files behind their checksum: the input is what is inside, and the target encrypts it and computes the MAC.
// The first byte of the input says what the rest is:
//   a  the AuthenticatedSafe          d  the bags of a safe          e  the bags of a safe, which is encrypted
//   k  a private key (PKCS#8), which is encrypted, beside a certificate
//   b  which bags to make: pairs of what is in it, and its attributes
//   w  the same, and what opens is written again, which takes many rounds
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "certificate/keystore.hpp"
#include "certificate/openssl.hpp"
#include "certificates.hpp"
#include "input.hpp"

namespace {

using namespace renewd;
using namespace renewd::certificate;
using renewd::fuzz::expect;

constexpr const char* kPassword = "changeit";
constexpr int kRounds = 1;

std::string finished(const Pkcs12Ptr& pkcs12) {
  expect(PKCS12_set_mac(pkcs12.get(), kPassword, -1, nullptr, 0, kRounds, EVP_sha256()) == 1);
  const BioPtr out(BIO_new(BIO_s_mem()));
  expect(i2d_PKCS12_bio(out.get(), pkcs12.get()) == 1);
  return std::string(contents_of(out.get()));
}

std::string sequence(const std::string& content) {
  const auto size = content.size();
  return std::string{'\x30', '\x83', static_cast<char>(size >> 16U), static_cast<char>(size >> 8U),
                     static_cast<char>(size)} +
         content;
}

// OpenSSL packs only what it has parsed: the outer sequence is made by hand.
std::string with_safe(std::string_view authenticated_safe) {
  const Pkcs7Ptr data(PKCS7_new());
  expect(PKCS7_set_type(data.get(), NID_pkcs7_data) == 1);
  ASN1_OCTET_STRING_set(data->d.data, reinterpret_cast<const unsigned char*>(authenticated_safe.data()),
                        static_cast<int>(authenticated_safe.size()));
  const BioPtr encoded(BIO_new(BIO_s_mem()));
  expect(i2d_PKCS7_bio(encoded.get(), data.get()) == 1);
  const std::string file = sequence("\x02\x01\x03" + std::string(contents_of(encoded.get())));
  const auto* position = reinterpret_cast<const unsigned char*>(file.data());
  const Pkcs12Ptr pkcs12(d2i_PKCS12(nullptr, &position, static_cast<long>(file.size())));
  expect(pkcs12 != nullptr);
  return finished(pkcs12);
}

std::string of_safe(PKCS7* owned) {
  const SafesPtr safes(sk_PKCS7_new_null());
  expect(owned != nullptr && sk_PKCS7_push(safes.get(), owned) == 1);
  const Pkcs12Ptr pkcs12(PKCS12_init(NID_pkcs7_data));
  expect(PKCS12_pack_authsafes(pkcs12.get(), safes.get()) == 1);
  return finished(pkcs12);
}

// The bags are any bytes.
std::string of_bags(std::string_view bags, bool encrypted) {
  const BagsPtr none(sk_PKCS12_SAFEBAG_new_null());
  const Pkcs7Ptr safe(encrypted ? PKCS12_pack_p7encdata(NID_aes_256_cbc, kPassword, -1, nullptr, 0, kRounds, none.get())
                                : PKCS12_pack_p7data(none.get()));
  expect(safe != nullptr);
  if (!encrypted) {
    ASN1_OCTET_STRING_set(safe->d.data, reinterpret_cast<const unsigned char*>(bags.data()),
                          static_cast<int>(bags.size()));
  } else {
    PKCS7_ENC_CONTENT* content = safe->d.encrypted->enc_data;
    unsigned char* cipher = nullptr;
    int length = 0;
    expect(PKCS12_pbe_crypt(content->algorithm, kPassword, -1, reinterpret_cast<const unsigned char*>(bags.data()),
                            static_cast<int>(bags.size()), &cipher, &length, 1) != nullptr);
    ASN1_STRING_set0(content->enc_data, cipher, length);
  }
  return of_safe(PKCS7_dup(safe.get()));
}

void add_attributes(PKCS12_SAFEBAG* bag, std::uint8_t attributes) {
  static constexpr std::array kNames{"", "cockpit-client", "Cockpit-Client", "other"};
  const std::string name = kNames.at(attributes % kNames.size());
  if (!name.empty()) {
    PKCS12_add_friendlyname_utf8(bag, name.c_str(), static_cast<int>(name.size()));
  }
  std::uint8_t id = static_cast<std::uint8_t>(attributes >> 2U) % 4;
  if (id != 0) {
    PKCS12_add_localkeyid(bag, &id, 1);
  }
}

std::string of_key(std::string_view pkcs8) {
  STACK_OF(PKCS12_SAFEBAG)* bags = nullptr;
  PKCS12_SAFEBAG* own = PKCS12_add_cert(&bags, fuzz::issued_certificates().at(2).certificate.get());
  const BagsPtr owner(bags);
  add_attributes(own, 5);
  X509_SIG* sealed = X509_SIG_new();
  X509_ALGOR* algorithm = nullptr;
  ASN1_OCTET_STRING* content = nullptr;
  X509_SIG_getm(sealed, &algorithm, &content);
  X509_ALGOR* scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kRounds, nullptr, 0, nullptr, NID_hmacWithSHA256);
  unsigned char* cipher = nullptr;
  int length = 0;
  expect(scheme != nullptr &&
         PKCS12_pbe_crypt(scheme, kPassword, -1, reinterpret_cast<const unsigned char*>(pkcs8.data()),
                          static_cast<int>(pkcs8.size()), &cipher, &length, 1) != nullptr);
  ASN1_STRING_set0(content, cipher, length);
  X509_ALGOR_copy(algorithm, scheme);
  X509_ALGOR_free(scheme);
  PKCS12_SAFEBAG* key = PKCS12_SAFEBAG_create0_pkcs8(sealed);
  add_attributes(key, 5);
  sk_PKCS12_SAFEBAG_push(owner.get(), key);
  return of_safe(PKCS12_pack_p7data(owner.get()));
}

struct Chosen {
  std::string file;
  std::size_t certificates = 0;
  std::size_t keys = 0;
};

Chosen of_choice(fuzz::Input input) {
  const auto& pool = fuzz::issued_certificates();
  STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
  Chosen chosen;
  while (!input.empty() && chosen.certificates + chosen.keys < 12) {
    const std::uint8_t what = input.byte();
    const fuzz::Issued& one = pool[what % pool.size()];
    const bool is_key = (what & 0x10U) != 0;
    PKCS12_SAFEBAG* const bag = is_key ? PKCS12_add_key(&bags, one.key.get(), 0, kRounds, NID_aes_256_cbc, kPassword)
                                       : PKCS12_add_cert(&bags, one.certificate.get());
    expect(bag != nullptr);
    ++(is_key ? chosen.keys : chosen.certificates);
    add_attributes(bag, input.byte());
  }
  const BagsPtr owner(bags);
  chosen.file = of_safe(PKCS12_pack_p7data(owner.get()));
  return chosen;
}

// What opens is consistent. With `rewritten` it is the same when it is written again, which takes many rounds.
void expect_usable(const Keystore& keystore, bool rewritten) {
  expect(keystore.format == Format::pkcs12 && keystore.chain.size() < 500);
  expect(!keystore.key || (keystore.has_key_entry && keystore.unread_key.empty()));
  if (!rewritten || !keystore.key || !keystore.certificate.belongs_to(*keystore.key)) {
    return;
  }
  const Secret password(kPassword);
  const auto written = write_pkcs12(keystore.certificate, keystore.chain, *keystore.key, keystore.alias, password);
  expect(written.has_value());
  const auto again = open_keystore(*written, password);
  expect(again && again->key && again->alias == keystore.alias && again->extra_bytes == 0);
  expect(again->certificate.fingerprint_sha256() == keystore.certificate.fingerprint_sha256());
  expect(again->chain.size() == keystore.chain.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::text_of(data, size));
  const std::uint8_t form = input.byte();
  Chosen chosen;
  switch (form) {
    case 'a':
      chosen.file = with_safe(input.rest());
      break;
    case 'd':
    case 'e':
      chosen.file = of_bags(input.rest(), form == 'e');
      break;
    case 'k':
      chosen.file = of_key(input.rest());
      break;
    case 'b':
    case 'w':
      chosen = of_choice(input);
      break;
    default:
      return 0;
  }
  const auto opened = open_keystore(chosen.file, Secret(kPassword));
  if (opened) {
    expect_usable(*opened, form == 'w');
  } else {
    // The password is right. Content that does not parse once it is decrypted looks as with a wrong one.
    expect((form != 'b' && form != 'w') || opened.error().problem != KeystoreProblem::wrong_password);
  }
  if (form == 'b' || form == 'w') {
    expect(opened.has_value() == (chosen.certificates > 0));
    expect(!opened || opened->has_key_entry == (chosen.keys > 0));
  }
  // Nothing behind a MAC opens with another password.
  const auto other = open_keystore(chosen.file, Secret("another"));
  expect(!other && other.error().problem == KeystoreProblem::wrong_password);
  return 0;
}
