#include "http/request_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "core/version.hpp"

namespace renewd::http {
namespace {

// RFC 9110, 5.6.2: tchar.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// RFC 9110, 5.5, without the tab: a control character would end the line and start a header of its own.
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
  if (!request.bearer_token) {
    return {};
  }
  if (request.bearer_token->empty()) {
    return failure(ErrorKind::unauthorized, "the token is empty");
  }
  if (!is_field_value(request.bearer_token->view())) {
    return failure(ErrorKind::unauthorized,
                   "the token contains a line break or another control character, which cannot be sent; check that it "
                   "is only the token");
  }
  return {};
}

// The line that says who we are; empty for nobody.
WipedText authorization(const HttpRequest& request) {
  const std::string_view scheme = request.bearer_token ? "Bearer " : "Basic ";
  const Secret encoded = request.basic_credentials ? encode(*request.basic_credentials) : Secret();
  const std::string_view proof = request.bearer_token ? request.bearer_token->view() : encoded.view();
  constexpr std::string_view kName = "Authorization: ";
  WipedText line(kName.size() + scheme.size() + proof.size() + 2);
  if (!proof.empty()) {
    (((line += kName) += scheme) += proof) += "\r\n";
  }
  return line;
}

}  // namespace

std::string user_agent() {
  return fmt::format("gravitee-renewd/{}", version());
}

Result<WipedText> request_text(const HttpRequest& request, const Url& url) {
  TRY(check(request));
  std::string head = fmt::format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
      "Connection: close\r\n",
      request.method, url.target, url.host_header(), user_agent());
  for (const auto& [name, value] : request.headers) {
    head += fmt::format("{}: {}\r\n", name, value);
  }
  // RFC 9110, 8.6: a POST says so even when it has no body; a GET without one says nothing.
  if (request.method != "GET" || !request.body.empty()) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  const WipedText authorized = authorization(request);
  WipedText text(head.size() + authorized.view().size() + request.body.size() + 8);
  (((text += head) += authorized.view()) += "\r\n") += request.body;
  return text;
}

}  // namespace renewd::http
