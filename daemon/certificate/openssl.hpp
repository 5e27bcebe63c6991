// Owning handles for OpenSSL's objects, one pointer wide, and its error queue as text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace renewd::certificate {

// Stateless: unique_ptr stays one pointer wide.
template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};

inline void free_x509_stack(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
inline void free_safes(STACK_OF(PKCS7) * safes) {
  sk_PKCS7_pop_free(safes, PKCS7_free);
}
inline void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Free<free_bags>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Free<PKCS12_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, Free<PKCS7_free>>;
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), Free<free_safes>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), Free<free_x509_stack>>;
using X509StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using X509StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

// OpenSSL's key derivation frees memory that holds the password without wiping it. After this call OpenSSL wipes all
// memory that it frees. Must be the first call of OpenSSL in the process.
void wipe_freed_openssl_memory();

// The bytes written to a BIO in memory; valid until it changes.
std::string_view contents_of(BIO* memory);

// This thread's error queue as text, oldest first, joined by "; ". Empties the queue: the next failure would report a
// stale entry as its cause.
std::string drain_errors();

}  // namespace renewd::certificate
