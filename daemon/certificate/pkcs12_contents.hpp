// The inside of a PKCS#12 file whose MAC has been looked at: bags of keys and certificates. Private to this folder.
#pragma once

#include "certificate/decryption.hpp"
#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {

// As OpenSSL takes it: none (null) and empty are two different passwords to PKCS#12.
struct Password {
  const char* data;
  int size;
};

struct Failure {
  KeystoreError error;
  bool unsupported = false;  // no provider of this context has the algorithm
};
template <typename T>
using Attempt = tl::expected<T, Failure>;

inline tl::unexpected<Failure> fail(tl::unexpected<KeystoreError> error) {
  return tl::unexpected(Failure{std::move(error.value())});
}

// Opens the bags and picks the entry: the key under Gravitee's alias, else the first key, else the certificates.
Attempt<Keystore> read_contents(PKCS12* pkcs12, Password password, const Secret& given, OSSL_LIB_CTX* context,
                                DerivationBudget& budget);

}  // namespace renewd::certificate
