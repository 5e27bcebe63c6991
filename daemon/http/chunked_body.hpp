// The chunked transfer coding (RFC 9112, 7.1), taken off as the bytes arrive. Line feeds may stand alone, blanks may
// surround a size, and extensions are ignored. The chunk of size zero is the end: trailers tell us nothing, and some
// servers forget the empty line behind them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::http {

class ChunkedBody {
 public:
  // Appends the data in `bytes` to `body`, up to `limit`. True once the body is whole; what follows is ignored.
  // Errors: bad_answer, with reason too_large over the limit.
  Result<bool> feed(std::string_view bytes, std::string& body, std::size_t limit);

 private:
  Result<bool> begin_chunk(std::size_t room);

  std::string line_;  // what has arrived of a size line
  std::size_t left_ = 0;
  bool line_ends_data_ = false;
};

}  // namespace renewd::http
