#include "http/response_head.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "core/text.hpp"
#include "http/field_lists.hpp"

namespace renewd::http {
namespace {

constexpr std::string_view kProtocol = "http/";  // compared in lower case
constexpr std::size_t kMaxStatusLine = 1024;

std::string_view without_blank_lines(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of("\r\n"), text.size()));
}

// Removes the first line from `text` and returns it without its line break.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  while (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct StatusLine {
  unsigned status;
  std::string_view reason;
};

// "HTTP/1.1 200 OK". Ignores the version, since the header says how the body ends.
std::optional<StatusLine> parse_status_line(std::string_view line) {
  if (lower_case(line.substr(0, kProtocol.size())) != kProtocol) {
    return std::nullopt;
  }
  const auto blank = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view version = line.substr(kProtocol.size(), blank - kProtocol.size());
  const std::string_view rest = trimmed(line.substr(blank));
  unsigned status = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), status);
  const bool three_digits = parsed.ec == std::errc() && parsed.ptr == rest.data() + 3 && status >= 100;
  if (version.empty() || !is_digit(version.front()) || !three_digits) {
    return std::nullopt;
  }
  return StatusLine{status, trimmed(rest.substr(3))};
}

void add_field(HttpResponse& response, std::string_view name, std::string_view value) {
  std::string key = lower_case(name);
  const auto known = std::ranges::find(response.headers, key, [](const auto& field) { return field.first; });
  if (known == response.headers.end()) {
    response.headers.emplace_back(std::move(key), value);
  } else {
    known->second.append(", ").append(value);
  }
}

}  // namespace

bool begins_like_http(std::string_view received) {
  const std::string_view start = without_blank_lines(received).substr(0, kProtocol.size());
  return lower_case(start) == kProtocol.substr(0, start.size());
}

bool begins_like_tls(std::string_view received) {
  // The record types of an alert and of a handshake (RFC 8446, 5.1), and the major version of every TLS.
  return received.size() > 1 && (received[0] == '\x15' || received[0] == '\x16') && received[1] == '\x03';
}

tl::unexpected<Error> not_http(std::string_view received) {
  return failure(ErrorKind::bad_answer, begins_like_tls(received)
                                            ? "the response is not HTTP but TLS; does the URL need https://?"
                                            : "the response is not HTTP");
}

Result<std::optional<std::size_t>> find_head(std::string_view received, std::size_t searched) {
  std::string_view rest = without_blank_lines(received);
  const std::string_view start = rest;
  const auto status_line = take_line(rest);
  const bool is_http = status_line ? parse_status_line(*status_line).has_value()
                                   : start.size() <= kMaxStatusLine || begins_like_http(start);
  if (!is_http || received.size() - start.size() > kMaxStatusLine) {
    return not_http(start);
  }
  if (status_line) {
    // Continue with the last incomplete line.
    const std::size_t begun = searched == 0 ? 0 : received.rfind('\n', searched - 1) + 1;
    rest = received.substr(std::max(begun, received.size() - rest.size()));
    while (const auto line = take_line(rest)) {
      if (line->empty()) {
        const std::size_t size = received.size() - rest.size();
        if (size <= kHeaderLimit) {
          return size;
        }
        break;
      }
    }
  }
  if (received.size() <= kHeaderLimit) {
    return std::nullopt;
  }
  return failure(ErrorKind::bad_answer, fmt::format("the response header is larger than {} KiB", kHeaderLimit / 1024));
}

Result<HttpResponse> parse_head(std::string_view head) {
  std::string_view rest = without_blank_lines(head);
  const auto first = take_line(rest);
  const auto status_line = first ? parse_status_line(*first) : std::nullopt;
  if (!status_line) {
    return not_http(head);
  }
  HttpResponse response;
  response.status = status_line->status;
  response.reason = status_line->reason;
  // A folded line (RFC 9112, 5.2) continues the field before it, so a field is added when the next one begins.
  std::string_view name;
  std::string value;
  const auto add_pending = [&] {
    if (!name.empty()) {
      add_field(response, name, value);
    }
  };
  while (const auto line = take_line(rest)) {
    if (line->starts_with(' ') || line->starts_with('\t')) {
      value.append(value.empty() ? "" : " ").append(trimmed(*line));
      continue;
    }
    add_pending();
    const auto colon = line->find(':');
    name = colon == std::string_view::npos ? std::string_view() : trimmed(line->substr(0, colon));
    value = colon == std::string_view::npos ? std::string_view() : trimmed(line->substr(colon + 1));
  }
  add_pending();
  return response;
}

}  // namespace renewd::http
