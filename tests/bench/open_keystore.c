/* The least that a program can do: opens PKCS#12 keystores with OpenSSL and prints when their certificates expire. For
 * the soak, PEM keystores as well (*.pem), and those that are named on standard input, for as long as it lasts.
 *
 *   open_keystore PASSWORD-FILE KEYSTORE...
 *   open_keystore PASSWORD-FILE - */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

static int read_password(const char* path, char* password, int size) {
  FILE* file = fopen(path, "r");
  if (file == NULL || fgets(password, size, file) == NULL) {
    perror(path);
    return 0;
  }
  fclose(file);
  password[strcspn(password, "\r\n")] = '\0';
  return 1;
}

static X509* open_pkcs12(BIO* in, const char* password) {
  EVP_PKEY* key = NULL;
  X509* certificate = NULL;
  STACK_OF(X509)* chain = NULL;
  PKCS12* keystore = d2i_PKCS12_bio(in, NULL);
  if (keystore != NULL) {
    PKCS12_parse(keystore, password, &key, &certificate, &chain); /* no certificate if it fails */
  }
  sk_X509_pop_free(chain, X509_free);
  EVP_PKEY_free(key);
  PKCS12_free(keystore);
  return certificate;
}

static X509* open_pem(BIO* in) {
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
  X509* certificate = BIO_reset(in) == 0 ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
  if (certificate != NULL && (key == NULL || X509_check_private_key(certificate, key) != 1)) {
    X509_free(certificate);
    certificate = NULL;
  }
  EVP_PKEY_free(key);
  return certificate;
}

static int print_end(BIO* out, const char* path, const char* password) {
  const char* const dot = strrchr(path, '.');
  const int is_pem = dot != NULL && strcmp(dot, ".pem") == 0;
  BIO* in = BIO_new_file(path, "rb");
  X509* certificate = in == NULL ? NULL : is_pem ? open_pem(in) : open_pkcs12(in, password);
  const int done =
      certificate != NULL && ASN1_TIME_print(out, X509_get0_notAfter(certificate)) == 1 && BIO_puts(out, "\n") == 1;
  X509_free(certificate);
  BIO_free(in);
  return done;
}

static int open_one(BIO* out, const char* path, const char* password) {
  if (!print_end(out, path, password)) {
    fprintf(stderr, "%s:\n", path);
    ERR_print_errors_fp(stderr);
    return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  char password[256];
  char line[4096];
  if (argc < 3) {
    fprintf(stderr, "usage: open_keystore PASSWORD-FILE KEYSTORE... | -\n");
    return 2;
  }
  if (!read_password(argv[1], password, sizeof password)) {
    return 1;
  }
  int done = 1;
  BIO* out = BIO_new_fp(stdout, BIO_NOCLOSE);
  if (strcmp(argv[2], "-") == 0) {
    while (done && fgets(line, sizeof line, stdin) != NULL) {
      line[strcspn(line, "\n")] = '\0';
      done = open_one(out, line, password) && BIO_flush(out) == 1;
    }
  } else {
    for (int i = 2; done && i < argc; ++i) {
      done = open_one(out, argv[i], password);
    }
  }
  BIO_free(out);
  return done ? 0 : 1;
}
