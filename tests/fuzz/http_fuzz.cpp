// A server's response, in two pieces, as the network cuts it; and as text that may repeat a secret.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/redaction.hpp"
#include "http/response_reader.hpp"
#include "http/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renewd::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_url(bytes);
  renewd::Redaction redacted;
  redacted.hide("t", renewd::Secret("s3cr"));
  if (redacted(bytes).find("s3cr") != std::string::npos) {
    std::abort();
  }
  ResponseReader reader;
  const auto first = reader.feed(bytes.substr(0, size / 2));
  if (!first || *first == Progress::complete) {
    return 0;
  }
  const auto second = reader.feed(bytes.substr(size / 2));
  if (second && *second != Progress::complete) {
    (void)reader.end(ConnectionEnd::clean);
  }
  return 0;
}
