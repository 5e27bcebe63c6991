// Writes to a descriptor, without stdio: a write that blocks must not hold a lock that the process needs to exit.
#pragma once

#include <streambuf>
#include <string_view>

namespace renewd {

// Writes all of `bytes`; if the descriptor is non-blocking, waits until it is writable. Returns false and sets errno on
// failure.
bool write_to_descriptor(int descriptor, std::string_view bytes);

// Unbuffered. Does not close the descriptor.
class DescriptorOutput final : public std::streambuf {
 public:
  explicit DescriptorOutput(int descriptor) : descriptor_(descriptor) {}

 private:
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type character) override;

  int descriptor_;
};

}  // namespace renewd
