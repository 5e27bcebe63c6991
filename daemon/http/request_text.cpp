#include "http/request_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "core/version.hpp"

namespace renewd::http {
namespace {

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alphanumeric_or(c, "!#$%&'*+-.^_`|~"); });
}

// RFC 9110, 5.5, without the tab. A line break would start another header.
bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> check(const HttpRequest& request) {
  if (!is_token(request.method)) {
    return failure(ErrorKind::client_error, "invalid HTTP method");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_field_value(value)) {
      return failure(ErrorKind::client_error, fmt::format("invalid header {}", printable(name)));
    }
  }
  if (request.basic_credentials && request.basic_credentials->user.find(':') != std::string::npos) {
    return failure(ErrorKind::unauthorized, "the user name must not contain a colon (RFC 7617)");
  }
  const auto& token = request.authorization ? request.authorization : request.bearer_token;
  if (!token) {
    return {};
  }
  if (token->empty()) {
    return failure(ErrorKind::unauthorized, "the token is empty");
  }
  if (!is_field_value(token->view())) {
    return failure(ErrorKind::unauthorized,
                   "the token contains a line break or another control character, which cannot be sent; check that it "
                   "is only the token");
  }
  return {};
}

// Empty without credentials.
std::string authorization(const HttpRequest& request) {
  if (request.authorization) {
    return secret_header("Authorization: ", *request.authorization);
  }
  if (request.bearer_token) {
    return secret_header("Authorization: Bearer ", *request.bearer_token);
  }
  if (request.basic_credentials) {
    return secret_header("Authorization: Basic ", encode(*request.basic_credentials));
  }
  return {};
}

}  // namespace

std::string secret_header(std::string_view name, const Secret& secret) {
  std::string line(name);
  line += secret.view();
  line += "\r\n";
  return line;
}

std::string user_agent() {
  return fmt::format("gravitee-renewd/{}", version());
}

Result<std::string> request_text(const HttpRequest& request, const Url& url) {
  TRY(check(request));
  std::string text = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
      "Connection: close\r\n",
      request.method, url.target, url.host_header(), user_agent());
  for (const auto& [name, value] : request.headers) {
    text += fmt::format("{}: {}\r\n", name, value);
  }
  // RFC 9110, 8.6: for a POST also with an empty body.
  if (request.method != "GET" || !request.body.empty()) {
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return text + authorization(request) + "\r\n" + request.body;
}

}  // namespace renewd::http
