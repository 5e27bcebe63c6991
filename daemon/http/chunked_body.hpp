// Decodes the chunked transfer coding (RFC 9112, 7.1) as bytes arrive. Accepts line feeds without carriage returns and
// white space around a size; ignores extensions. The body ends with the chunk of size zero: trailers are not needed,
// and some servers omit the empty line after them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::http {

class ChunkedBody {
 public:
  // Appends the decoded data to `body`. Returns true at the end of the body, and ignores the bytes after it. Errors:
  // bad_answer, with reason too_large over `limit`.
  Result<bool> feed(std::string_view bytes, std::string& body, std::size_t limit);

 private:
  Result<bool> begin_chunk(std::size_t room, std::size_t limit);

  std::string line_;  // the size line so far
  std::size_t left_ = 0;
  bool line_ends_data_ = false;
};

}  // namespace renewd::http
