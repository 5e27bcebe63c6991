// The transport encoding of an answer, the words of an error body, and dates in headers.
#include "cloud/answer.hpp"
#include "cloud/base64.hpp"
#include "cloud/renew_api.hpp"
#include "core/text.hpp"
#include "input.hpp"
#include "support/base64.hpp"

namespace {

using namespace renewd;
using renewd::fuzz::expect;
using renewd::testing::base64;

// What was encoded is decoded, in lines and in JSON, too.
void decode_again(std::string_view bytes) {
  const std::string text = base64(bytes);
  expect(cloud::decode_base64(text) == bytes);
  std::string url_safe = text.substr(0, text.find('='));
  std::ranges::replace(url_safe, '+', '-');
  std::ranges::replace(url_safe, '/', '_');
  expect(cloud::decode_base64(url_safe) == bytes);
  std::string wrapped = text;
  for (std::size_t at = 64; at < wrapped.size(); at += 66) {
    wrapped.insert(at, "\r\n");
  }
  for (const std::string& body : {text, wrapped, "\"" + text + "\"", "{\"certificate\": \"" + text + "\"}"}) {
    const auto decoded = cloud::decode_answer(body);
    expect(decoded == std::string(bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto decoded = cloud::decode_answer(bytes);
  // A rejection is for the log.
  expect(decoded ? !decoded->empty() : escaped(decoded.error().message) == decoded.error().message);
  const std::string words = cloud::describe_error_body(bytes);
  expect(escaped(words) == words);
  const auto wait = cloud::parse_retry_after(bytes, "Mon, 23 Nov 2026 19:30:00 GMT");
  expect(!wait || *wait >= std::chrono::seconds(0));
  (void)cloud::parse_retry_after("120", bytes);
  if (const auto date = cloud::parse_http_date(bytes)) {
    // It is one that can be written, and read again.
    expect(parse_time(format_time(*date)) == *date);
  }
  if (size > 64) {
    decode_again(bytes);
  }
  return 0;
}
