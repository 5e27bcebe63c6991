#include "http/response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "http/content_coding.hpp"
#include "http/field_lists.hpp"
#include "http/response_head.hpp"

namespace renewd::http {
namespace {

constexpr std::string_view kChunked = "chunked";

// In lower case, without those that change nothing.
std::vector<std::string> codings_of(const std::string& field) {
  std::vector<std::string> codings;
  for (const std::string_view element : list_elements(field)) {
    std::string coding = lower_case(element.substr(0, element.find_first_of("; \t")));
    if (coding != "identity" && coding != "none") {
      codings.push_back(std::move(coding));
    }
  }
  return codings;
}

// Several values must be equal (RFC 9112, 6.3).
Result<std::size_t> length_of(const std::string& field, std::size_t limit) {
  std::optional<std::uint64_t> length;
  for (const std::string_view element : list_elements(field)) {
    std::uint64_t value = 0;
    const char* const begin = element.data() + (element.starts_with('+') ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, element.data() + element.size(), value);
    if (error == std::errc::result_out_of_range) {
      return body_too_large(limit);
    }
    if (error != std::errc() || end != element.data() + element.size() || length.value_or(value) != value) {
      return failure(ErrorKind::bad_answer, "the response is not valid HTTP: its Content-Length is not a number");
    }
    length = value;
  }
  if (!length) {
    return failure(ErrorKind::bad_answer, "the response is not valid HTTP: its Content-Length is not a number");
  }
  return *length > limit ? body_too_large(limit) : Result<std::size_t>(static_cast<std::size_t>(*length));
}

bool has_no_body(unsigned status) {
  return status == 204 || status == 304;  // RFC 9112, 6.3
}

}  // namespace

Result<Progress> ResponseReader::feed(std::string_view bytes) {
  if (framing_ != Framing::unknown) {
    return read_body(bytes);
  }
  std::size_t searched = head_.size();
  head_ += bytes;
  for (;; searched = 0) {
    TRY_LET(const auto whole, read_head(searched));
    if (!whole) {
      return Progress::more_needed;
    }
    if (response_.status >= 200) {
      break;
    }
    if (++interim_responses_ > kInterimLimit) {
      return failure(ErrorKind::bad_answer, "the server sent too many interim responses (1xx)");
    }
  }
  TRY(choose_framing());
  return read_body(std::exchange(head_, {}));
}

// Returns false while it is incomplete; leaves the bytes after it in head_.
Result<bool> ResponseReader::read_head(std::size_t searched) {
  TRY_LET(const auto size, find_head(head_, searched));
  if (!size) {
    return false;
  }
  TRY_LET(auto parsed, parse_head(std::string_view(head_).substr(0, *size)));
  response_ = std::move(parsed);
  head_.erase(0, *size);
  return true;
}

// Transfer-Encoding overrides Content-Length (RFC 9112, 6.3).
Result<void> ResponseReader::choose_framing() {
  if (has_no_body(response_.status)) {
    framing_ = Framing::length;
    return {};
  }
  codings_ = codings_of(response_.header("content-encoding"));
  auto transfer = codings_of(response_.header("transfer-encoding"));
  const bool chunked = std::erase(transfer, kChunked) > 0;
  codings_.insert(codings_.end(), transfer.begin(), transfer.end());
  const bool has_length =
      std::ranges::any_of(response_.headers, [](const auto& field) { return field.first == "content-length"; });
  if (chunked) {
    framing_ = Framing::chunked;
  } else if (has_length) {
    TRY_LET(auto length, length_of(response_.header("content-length"), limit_));
    framing_ = Framing::length;
    length_ = length;
  } else {
    framing_ = Framing::until_end;
  }
  return {};
}

Result<Progress> ResponseReader::read_body(std::string_view bytes) {
  std::string& body = response_.body;
  switch (framing_) {
    case Framing::length:
      body += bytes.substr(0, length_ - body.size());
      return body.size() == length_ ? finish() : Progress::more_needed;
    case Framing::chunked: {
      TRY_LET(const auto whole, chunks_.feed(bytes, body, limit_));
      return whole ? finish() : Progress::more_needed;
    }
    case Framing::until_end:
      if (bytes.size() > limit_ - body.size()) {
        return body_too_large(limit_);
      }
      body += bytes;
      return Progress::more_needed;
    case Framing::unknown:
      break;
  }
  return Progress::more_needed;
}

Result<Progress> ResponseReader::finish() {
  TRY(decode_body(response_, codings_));
  return Progress::complete;
}

Result<void> ResponseReader::end(ConnectionEnd how) {
  if (framing_ == Framing::until_end && (how == ConnectionEnd::clean || !response_.body.empty())) {
    return finish().map([](Progress) {});
  }
  if (framing_ == Framing::unknown && head_.find_first_not_of("\r\n") == std::string::npos) {
    return failure(ErrorKind::connect, "the server closed the connection without a response");
  }
  if (framing_ == Framing::unknown && !begins_like_http(head_)) {
    return not_http(head_);
  }
  return failure(ErrorKind::bad_answer, "the response is truncated: the server closed the connection before its end");
}

HttpResponse ResponseReader::take() {
  return std::move(response_);
}

std::string ResponseReader::take_piece() {
  if (framing_ == Framing::length) {
    length_ -= response_.body.size();
  }
  return std::exchange(response_.body, {});
}

}  // namespace renewd::http
