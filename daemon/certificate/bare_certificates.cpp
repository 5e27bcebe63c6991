// Certificates without keys: DER and PKCS#7.
#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"
#include "core/try.hpp"

namespace renewd::certificate {
namespace {

Parsed<Keystore> with_extra_bytes(Parsed<Keystore> keystore, std::string_view extra) {
  if (keystore) {
    keystore->extra_bytes = extra.size();
  }
  return keystore;
}

// `parse` is one of OpenSSL's d2i functions.
template <typename Parse>
Parsed<Certificate> take(std::string_view& der, Parse parse) {
  const unsigned char* position = as_bytes(der);
  X509Ptr x509(parse(nullptr, &position, static_cast<long>(der.size())));
  if (!x509) {
    return damaged("a certificate in it cannot be parsed");
  }
  der.remove_prefix(static_cast<std::size_t>(position - as_bytes(der)));
  return Certificate(x509.release());
}

}  // namespace

Parsed<Certificate> take_certificate(std::string_view& der) {
  return take(der, d2i_X509);
}

Parsed<Certificate> take_trusted_certificate(std::string_view& der) {
  return take(der, d2i_X509_AUX);
}

Parsed<std::vector<Certificate>> take_pkcs7(std::string_view& der) {
  const unsigned char* position = as_bytes(der);
  const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &position, static_cast<long>(der.size())));
  if (!pkcs7 || !PKCS7_type_is_signed(pkcs7.get()) || pkcs7->d.sign == nullptr) {
    return damaged("the PKCS#7 structure cannot be parsed");
  }
  der.remove_prefix(static_cast<std::size_t>(position - as_bytes(der)));
  std::vector<Certificate> certificates;
  const STACK_OF(X509)* stack = pkcs7->d.sign->cert;  // borrowed; may be null
  if (sk_X509_num(stack) > static_cast<int>(kCertificateLimit)) {
    return too_many_entries();
  }
  for (int i = 0; i < sk_X509_num(stack); ++i) {
    X509* x509 = sk_X509_value(stack, i);
    X509_up_ref(x509);
    certificates.emplace_back(x509);
  }
  return certificates;
}

Parsed<Keystore> open_der(std::string_view bytes) {
  TRY_LET(auto certificate, take_certificate(bytes));
  return with_extra_bytes(assemble(Format::der, {certificate}), bytes);
}

Parsed<Keystore> open_pkcs7(std::string_view bytes) {
  TRY_LET(auto certificates, take_pkcs7(bytes));
  return with_extra_bytes(assemble(Format::pkcs7, certificates), bytes);
}

}  // namespace renewd::certificate
