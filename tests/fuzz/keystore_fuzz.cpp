// Keystores of every format.
#include <cstddef>
#include <cstdint>

#include "certificate/keystore.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const renewd::Secret password("changeit");
  (void)renewd::certificate::open_keystore({reinterpret_cast<const char*>(data), size}, password);
  return 0;
}
