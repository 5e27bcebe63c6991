// Preloaded (LD_PRELOAD), it appends a line to the file COUNTED_DERIVATIONS each time that a PKCS#12 keystore is opened
// or made: OpenSSL then derives keys from its password, to check or make its MAC.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include <openssl/pkcs12.h>

namespace {

void count(const char* line) {
  const char* const file = std::getenv("COUNTED_DERIVATIONS");
  const int descriptor = file == nullptr ? -1 : ::open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::write(descriptor, line, std::strlen(line)) < 0) {
    std::abort();  // a count that is lost would pass for one that is met
  }
  ::close(descriptor);
}

template <typename Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int PKCS12_verify_mac(PKCS12* keystore, const char* password, int size) {
  count("opened\n");
  return original<decltype(PKCS12_verify_mac)>("PKCS12_verify_mac")(keystore, password, size);
}

int PKCS12_set_mac(PKCS12* keystore, const char* password, int size, unsigned char* salt, int salt_size, int rounds,
                   const EVP_MD* digest) {
  count("made\n");
  return original<decltype(PKCS12_set_mac)>("PKCS12_set_mac")(keystore, password, size, salt, salt_size, rounds,
                                                              digest);
}
}
