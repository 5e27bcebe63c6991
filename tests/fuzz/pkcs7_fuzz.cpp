// Bundles of certificates in PKCS#7, as a file or as the cloud's answer to a host that has the key. The first byte of
// the input says how the bundle comes, and whether the host has PKCS#12 or PEM; the second how many certificates it
// has, then which ones; then where a byte is changed, and how. With "d" as the first byte, the rest is the bundle
// itself.
#include <set>

#include <openssl/pem.h>

#include "certificate/openssl.hpp"
#include "certificates.hpp"
#include "cloud/answer.hpp"
#include "input.hpp"
#include "support/base64.hpp"

namespace {

using namespace renewd;
using namespace renewd::certificate;
using renewd::fuzz::expect;
using renewd::fuzz::Issued;
using renewd::testing::base64;

const Secret kPassword("changeit");

std::string bundle_of(const std::vector<const Issued*>& certificates) {
  const Pkcs7Ptr pkcs7(PKCS7_new());
  PKCS7_set_type(pkcs7.get(), NID_pkcs7_signed);
  PKCS7_content_new(pkcs7.get(), NID_pkcs7_data);
  for (const Issued* one : certificates) {
    PKCS7_add_certificate(pkcs7.get(), one->certificate.get());
  }
  const BioPtr out(BIO_new(BIO_s_mem()));
  expect(i2d_PKCS7_bio(out.get(), pkcs7.get()) == 1);
  return std::string(contents_of(out.get()));
}

std::string in_form(std::uint8_t form, const std::string& der) {
  switch (form % 4) {
    case 0:
      return der;
    case 1:
      return base64(der);
    case 2:
      return R"({"certificate":")" + base64(der) + R"("})";
    default: {
      const BioPtr out(BIO_new(BIO_s_mem()));
      PEM_write_bio(out.get(), "PKCS7", "", reinterpret_cast<const unsigned char*>(der.data()),
                    static_cast<long>(der.size()));
      return std::string(contents_of(out.get()));
    }
  }
}

std::set<std::string> fingerprints(const Keystore& keystore) {
  std::set<std::string> all{keystore.certificate.fingerprint_sha256()};
  for (const auto& one : keystore.chain) {
    expect(all.insert(one.fingerprint_sha256()).second);  // each once
  }
  return all;
}

Keystore installed(Format format) {
  const Issued& own = fuzz::issued_certificates().at(2);
  return {.format = format,
          .alias = format == Format::pkcs12 ? "cockpit-client" : "",
          .certificate = own.certificate,
          .chain = {},
          .key = own.key,
          .has_key_entry = true};
}

// What is made of any answer opens with the password, has the installed alias, and fits the key. A PEM file takes no
// time: its key is not encrypted.
Result<cloud::Candidate> judge(std::string_view body, Format format = Format::pem) {
  const Keystore own = installed(format);
  auto candidate = cloud::read_answer(body, own, kPassword, [&own] { return own.key; });
  if (candidate) {
    const auto opened = open_keystore(candidate->bytes, kPassword);
    expect(opened && opened->format == format && opened->key && opened->certificate.belongs_to(*opened->key));
    expect(fingerprints(*opened) == fingerprints(candidate->keystore));
    expect(opened->certificate.belongs_to(*own.key) && opened->alias == own.alias);
  }
  return candidate;
}

void read_der(std::string_view der) {
  const auto opened = open_keystore(der, kPassword);
  if (opened) {
    (void)fingerprints(*opened);
    expect(opened->extra_bytes < der.size());
  }
  if (detect_format(der) == Format::pkcs7) {
    const auto bundle = read_bundle(der);
    expect(bundle.has_value() == opened.has_value());
    (void)judge(base64(der));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::text_of(data, size));
  const std::uint8_t form = input.byte();
  if (form == 'd') {
    read_der(input.rest());
    return 0;
  }
  const auto& pool = fuzz::issued_certificates();
  std::vector<const Issued*> chosen;
  std::set<std::string> given;
  const Issued* longest = nullptr;  // of those for the installed key
  for (std::uint8_t left = input.byte() % 12; left > 0; --left) {
    const Issued& one = pool[input.byte() % pool.size()];
    chosen.push_back(&one);
    given.insert(one.certificate.fingerprint_sha256());
    const bool fits = one.certificate.same_public_key(pool[2].certificate);
    if (fits && (longest == nullptr || one.certificate.not_after() > longest->certificate.not_after())) {
      longest = &one;
    }
  }
  std::string der = bundle_of(chosen);
  const std::size_t at = input.number(2);
  const std::uint8_t change = input.byte();
  if (change != 0) {
    auto& byte = der[at % der.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(change));
    read_der(der);
    (void)judge(in_form(form, der));
    return 0;
  }
  const auto opened = open_keystore(der + std::string(input.rest()), kPassword);
  expect(opened.has_value() == !chosen.empty());
  if (opened) {
    expect(opened->format == Format::pkcs7 && !opened->key && fingerprints(*opened) == given);
    expect(opened->extra_bytes == input.rest().size());
  }
  // In any order and form, the host takes the certificate for its key that lasts longest, or none.
  const auto candidate = judge(in_form(form, der), (form & 4U) != 0 ? Format::pkcs12 : Format::pem);
  expect(candidate.has_value() == (longest != nullptr));
  if (candidate) {
    expect(candidate->keystore.certificate.fingerprint_sha256() == longest->certificate.fingerprint_sha256());
  }
  return 0;
}
