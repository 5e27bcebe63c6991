// A server's response, in two pieces, as the network cuts it; and as text that may repeat a secret.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/redaction.hpp"
#include "http/field_lists.hpp"
#include "http/response_reader.hpp"
#include "http/url.hpp"

namespace {

using namespace renewd::http;

// What is read of a response whose first `cut` bytes come first: its body, or the error.
std::string read(std::string_view bytes, std::size_t cut) {
  ResponseReader reader;
  for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    const auto fed = reader.feed(piece);
    if (!fed) {
      return fed.error().message;
    }
    if (*fed == Progress::complete) {
      return reader.take().body;
    }
  }
  const auto ended = reader.end(ConnectionEnd::abrupt);
  return ended ? reader.take().body : ended.error().message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_url(bytes);
  renewd::Redaction redacted;
  redacted.hide("t", renewd::Secret("s3cr"));
  if (redacted(bytes).find("s3cr") != std::string::npos) {
    std::abort();
  }
  (void)offered_schemes(bytes);
  // However the network cuts it, it means the same.
  if (read(bytes, size) != read(bytes, size / 2)) {
    std::abort();
  }
  return 0;
}
