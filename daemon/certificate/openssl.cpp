#include "certificate/openssl.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "core/text.hpp"

namespace renewd::certificate {
namespace {

void* allocate(std::size_t size, const char*, int) {
  return std::malloc(size);
}

void wipe_and_free(void* memory, const char*, int) {
  if (memory != nullptr) {
    ::OPENSSL_cleanse(memory, ::malloc_usable_size(memory));
    std::free(memory);
  }
}

// Without realloc(3), which may leave a copy of the bytes behind.
void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (memory == nullptr) {
    return std::malloc(size);
  }
  if (size == 0) {
    wipe_and_free(memory, file, line);
    return nullptr;
  }
  void* const larger = std::malloc(size);
  if (larger != nullptr) {
    std::memcpy(larger, memory, std::min(size, ::malloc_usable_size(memory)));
    wipe_and_free(memory, file, line);
  }
  return larger;
}

}  // namespace

void wipe_freed_openssl_memory() {
  (void)::CRYPTO_set_mem_functions(allocate, reallocate, wipe_and_free);
}

std::string_view contents_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

std::string drain_errors() {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (!text.empty()) {
      text += "; ";
    }
    if (const char* reason = ERR_reason_error_string(code)) {
      text += reason;
    } else {
      std::array<char, 256> buffer{};
      ERR_error_string_n(code, buffer.data(), buffer.size());
      text += buffer.data();
    }
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') {
      text += std::string(" (") + data + ")";
    }
  }
  // The details may quote the parsed file.
  return printable(text, 400);
}

}  // namespace renewd::certificate
