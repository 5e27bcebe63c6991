// The transport encoding of an answer, and the words of an error body.
#include <cstddef>
#include <cstdint>

#include "cloud/answer.hpp"
#include "cloud/renew_api.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)renewd::cloud::decode_answer(bytes);
  (void)renewd::cloud::describe_error_body(bytes);
  (void)renewd::cloud::parse_retry_after(bytes, "Mon, 23 Nov 2026 19:30:00 GMT");
  return 0;
}
