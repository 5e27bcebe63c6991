// The contents of a PKCS#12 file after its MAC was verified. Private to this folder.
#pragma once

#include "certificate/decryption.hpp"
#include "certificate/formats.hpp"
#include "certificate/openssl.hpp"

namespace renewd::certificate {

// As OpenSSL takes it: to PKCS#12, no password (null) and an empty one are different.
struct Password {
  const char* data;
  int size;
};

// One attempt to open a PKCS#12 file.
struct Pkcs12Attempt {
  Password password;
  const Secret& given;    // the configured password, for messages
  OSSL_LIB_CTX* context;  // null: the global one
  DerivationBudget& budget;
  bool unsupported = false;  // the attempt failed because no provider of the context has an algorithm
};

// Opens the bags and chooses the entry: the key under Gravitee's alias, else the first key, else the certificates.
Parsed<Keystore> read_contents(PKCS12* pkcs12, Pkcs12Attempt& attempt);

}  // namespace renewd::certificate
