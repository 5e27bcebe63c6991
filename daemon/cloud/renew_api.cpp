#include "cloud/renew_api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

#include <fmt/format.h>

#include "cloud/answer.hpp"
#include "core/redaction.hpp"
#include "core/text.hpp"
#include "core/within_clock.hpp"
#include "http/error_message.hpp"

namespace renewd::cloud {
namespace {

namespace asio = boost::asio;

// Prevents an overflow when it is added to a time.
constexpr std::chrono::seconds kMaxDelay = std::chrono::days{365};

ErrorKind kind_of(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorKind::unauthorized;
    case 407:
      return ErrorKind::proxy;  // the response is not from the cloud
    case 408:
      return ErrorKind::server_error;  // the request may be repeated; `timeout` is for our own deadlines
    case 429:
      return ErrorKind::rate_limited;
    default:
      break;
  }
  if (status < 300 || status > 599) {
    return ErrorKind::bad_answer;
  }
  return status < 500 ? ErrorKind::client_error : ErrorKind::server_error;
}

std::string message_of(const http::HttpResponse& response, const Redaction& redacted) {
  if (response.status >= 300 && response.status < 400) {
    const std::string target = printable(redacted(response.header("location")));
    return fmt::format("redirect to {}: not followed, since that would send the token there",
                       target.empty() ? "an unknown location" : target);
  }
  return printable(redacted(response.undecoded.empty() ? http::error_message(response.body) : response.undecoded));
}

std::string_view advice_on(const http::HttpResponse& response) {
  switch (response.status) {
    case 401:
      return "; the cloud rejects the account token: check whether it has expired or was revoked";
    case 403:
      if (trimmed(response.body).starts_with('<')) {
        return "; find out whether a proxy or a firewall on the way sent this page; if not, check that the account "
               "token is allowed to renew this account's certificate";
      }
      return "; check that the account token is allowed to renew this account's certificate";
    case 404:
      return "; check that account_url is the URL in the cloud's token dialog";
    default:
      return "";
  }
}

Error explain(const http::HttpResponse& response, std::string_view doing, const Secret& token) {
  Redaction redacted;  // a server may repeat the token
  redacted.hide("token", token);
  const std::string message = message_of(response, redacted);
  if (const std::string cause = http::squid_error(response); !cause.empty()) {
    return with_advice({ErrorKind::proxy, fmt::format("{}: HTTP {} from a proxy that intercepts TLS ({}): {}", doing,
                                                      response.status, printable(redacted(cause), 80), message)},
                       "have the proxy's operators find the request in its log: the proxy must allow this host to "
                       "reach the cloud, and trust the cloud's certificate");
  }
  Error error{kind_of(response.status), fmt::format("{}: HTTP {}{}{}{}", doing, response.status,
                                                    message.empty() ? "" : ": ", message, advice_on(response))};
  if (error.kind == ErrorKind::rate_limited || error.kind == ErrorKind::server_error) {
    error.retry_after = parse_retry_after(response.header("retry-after"), response.header("date"));
  }
  return error;
}

}  // namespace

std::string renew_url(const std::string& account_url) {
  const auto end = account_url.find_last_not_of('/');
  return account_url.substr(0, end == std::string::npos ? 0 : end + 1) + "/certificate/renewcert";
}

asio::awaitable<RenewalResponse> request_renewal(http::HttpClient& client, std::string account_url, Secret token,
                                                 http::BeforeSending before_sending) {
  http::HttpRequest request;
  request.method = "POST";
  request.url = renew_url(account_url);
  request.bearer_token = token;
  request.before_sending = std::move(before_sending);
  request.is_whole = is_whole_answer;
  const std::string doing = "POST " + printable(request.url);
  auto response = co_await client.send(std::move(request));
  if (!response) {
    co_return RenewalResponse{tl::unexpected(std::move(response.error())), std::nullopt};
  }
  const auto server_time = parse_http_date(response->header("date"));
  if (response->status < 200 || response->status > 299) {
    co_return RenewalResponse{tl::unexpected(explain(*response, doing, token)), server_time};
  }
  if (response->body.find_first_not_of(" \t\r\n") == std::string::npos) {
    co_return RenewalResponse{rejection(RejectionReason::not_base64,
                                        fmt::format("{}: HTTP {}: the response is empty", doing, response->status)),
                              server_time};
  }
  co_return RenewalResponse{std::move(response->body), server_time, std::move(response->undecoded)};
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  for (const char* const form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::istringstream in{std::string(text)};
    in.imbue(std::locale::classic());
    std::tm parts{};
    in >> std::get_time(&parts, form);
    if (in && in.peek() == std::istringstream::traits_type::eof()) {
      return within_clock(std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts))));
    }
  }
  return std::nullopt;
}

std::string describe_error_body(std::string_view body) {
  return printable(http::error_message(body));
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::string_view date) {
  if (value.empty()) {
    return std::nullopt;
  }
  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    std::int64_t seconds = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec != std::errc()) {
      return kMaxDelay;  // the number is too large
    }
    return std::min(std::chrono::seconds(seconds), kMaxDelay);
  }
  const auto until = parse_http_date(value);
  const auto now = parse_http_date(date);
  if (!until || !now) {
    return std::nullopt;
  }
  return std::clamp<std::chrono::seconds>(*until - *now, std::chrono::seconds{0}, kMaxDelay);
}

}  // namespace renewd::cloud
