/* Makes PKCS#12 keystores as the simulated cloud does, each with an EC key (P-256) and a certificate of its own, signed
 * by this key: DIRECTORY/FIRST.p12 and the COUNT - 1 that follow.
 *
 *   make_keystores DIRECTORY FIRST COUNT DAYS-LEFT PASSWORD COMMON-NAME */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

enum { kDay = 24 * 60 * 60, kLifetime = 365 * kDay };

static X509* make_certificate(EVP_PKEY* key, long serial, long days_left, const char* name) {
  X509* certificate = X509_new();
  X509_NAME* subject = X509_get_subject_name(certificate); /* borrowed */
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), days_left * kDay - kLifetime);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days_left * kDay);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char*)name, -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_set_pubkey(certificate, key);
  if (X509_sign(certificate, key, EVP_sha256()) == 0) {
    X509_free(certificate);
    return NULL;
  }
  return certificate;
}

static int make(const char* path, long serial, long days_left, const char* password, const char* name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = key == NULL ? NULL : make_certificate(key, serial, days_left, name);
  PKCS12* keystore = NULL;
  BIO* out = NULL;
  int done = 0;
  if (certificate != NULL) {
    keystore = PKCS12_create(password, "gateway", key, certificate, NULL, NID_aes_256_cbc, NID_aes_256_cbc,
                             PKCS12_DEFAULT_ITER, PKCS12_DEFAULT_ITER, 0);
  }
  if (keystore != NULL && (out = BIO_new_file(path, "wb")) != NULL) {
    done = i2d_PKCS12_bio(out, keystore) == 1;
  }
  BIO_free(out);
  PKCS12_free(keystore);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return done;
}

int main(int argc, char** argv) {
  char path[4096];
  if (argc != 7) {
    fprintf(stderr, "usage: make_keystores DIRECTORY FIRST COUNT DAYS-LEFT PASSWORD COMMON-NAME\n");
    return 2;
  }
  const long first = atol(argv[2]);
  const long count = atol(argv[3]);
  umask(077);
  for (long number = first; number < first + count; ++number) {
    snprintf(path, sizeof path, "%s/%ld.p12", argv[1], number);
    if (!make(path, number, atol(argv[4]), argv[5], argv[6])) {
      fprintf(stderr, "%s:\n", path);
      ERR_print_errors_fp(stderr);
      return 1;
    }
  }
  return 0;
}
