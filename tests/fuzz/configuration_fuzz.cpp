// The configuration file.
#include <cstddef>
#include <cstdint>

#include "configuration/loader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)renewd::configuration::parse({reinterpret_cast<const char*>(data), size});
  return 0;
}
