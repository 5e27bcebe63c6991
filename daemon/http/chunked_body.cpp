#include "http/chunked_body.hpp"

#include <charconv>
#include <cstdint>
#include <utility>

#include "core/text.hpp"
#include "http/http_client.hpp"

namespace renewd::http {
namespace {

constexpr std::size_t kLineLimit = std::size_t{4} * 1024;

}  // namespace

Result<bool> ChunkedBody::feed(std::string_view bytes, std::string& body, std::size_t limit) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::string_view data = bytes.substr(0, left_);
      body += data;
      left_ -= data.size();
      bytes.remove_prefix(data.size());
      line_ends_data_ = left_ == 0;
      continue;
    }
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > kLineLimit) {
      return failure(ErrorKind::bad_answer, "the response is not valid HTTP: a line of its chunked body is too long");
    }
    if (end == std::string_view::npos) {
      return false;
    }
    bytes.remove_prefix(end + 1);
    if (std::exchange(line_ends_data_, false)) {
      if (!trimmed(line_).empty()) {
        return failure(ErrorKind::bad_answer, "the response is not valid HTTP: a chunk is longer than its size");
      }
      line_.clear();
      continue;
    }
    const auto last = begin_chunk(limit - body.size(), limit);
    if (!last || *last) {
      return last;
    }
  }
  return false;
}

// Returns true for the last chunk.
Result<bool> ChunkedBody::begin_chunk(std::size_t room, std::size_t limit) {
  const std::string_view size = trimmed(std::string_view(line_).substr(0, line_.find(';')));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), value, 16);
  if (error == std::errc::result_out_of_range || (error == std::errc() && value > room)) {
    return body_too_large(limit);
  }
  if (error != std::errc() || end != size.data() + size.size()) {
    return failure(ErrorKind::bad_answer, "the response is not valid HTTP: the size of a chunk is not a number");
  }
  line_.clear();
  left_ = static_cast<std::size_t>(value);
  return value == 0;
}

}  // namespace renewd::http
