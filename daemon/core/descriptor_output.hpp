// Writing to a descriptor as to a stream, with nothing of the C library between: a write that blocks holds no lock that
// the end of the process needs.
#pragma once

#include <streambuf>
#include <string_view>

namespace renewd {

// All of it, also where somebody else has made the descriptor non-blocking; it waits for room then. Returns false when
// it cannot be written.
bool write_to_descriptor(int descriptor, std::string_view text);

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
