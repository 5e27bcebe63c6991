#include "core/descriptor_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace renewd {

bool write_to_descriptor(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
      (void)::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::streamsize DescriptorOutput::xsputn(const char* text, std::streamsize size) {
  return write_to_descriptor(descriptor_, {text, static_cast<std::size_t>(size)}) ? size : 0;
}

DescriptorOutput::int_type DescriptorOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) {
    return traits_type::not_eof(character);
  }
  const char c = traits_type::to_char_type(character);
  return xsputn(&c, 1) == 1 ? character : traits_type::eof();
}

}  // namespace renewd
