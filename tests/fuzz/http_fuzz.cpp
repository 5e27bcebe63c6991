// A server's response, in two pieces, as the network cuts it; and as text that may repeat a secret.
#include "core/redaction.hpp"
#include "http/field_lists.hpp"
#include "http/response_reader.hpp"
#include "http/url.hpp"
#include "input.hpp"

namespace {

using namespace renewd::http;
using renewd::fuzz::expect;

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

// What is accepted as a URL is the same when it is written out again.
void read_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    return;
  }
  expect(!url->host.empty() && url->target.starts_with('/') && url->port != 0);
  expect(url->scheme == Scheme::https || url->host_is_loopback());
  for (const std::string& part : {url->authority(), url->host_header(), url->target}) {
    expect(part.find_first_of(" \r\n\t") == std::string::npos);
  }
  const auto again =
      parse_url((url->scheme == Scheme::https ? "https://" : "http://") + url->authority() + url->target);
  expect(again && again->authority() == url->authority() && again->target == url->target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = renewd::fuzz::text_of(data, size);
  read_url(bytes);
  renewd::Redaction redacted;
  redacted.hide("t", renewd::Secret("s3cr"));
  expect(redacted(bytes).find("s3cr") == std::string::npos);
  for (const std::string& scheme : offered_schemes(bytes)) {
    expect(!scheme.empty());
  }
  // However the network cuts it, it means the same.
  const std::string whole = read(bytes, size);
  expect(whole == read(bytes, size / 2));
  expect(whole == read(bytes, size == 0 ? 0 : static_cast<std::size_t>(data[size - 1]) % size));
  return 0;
}
