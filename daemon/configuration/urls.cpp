#include "configuration/urls.hpp"

#include <algorithm>
#include <optional>

#include "configuration/numbers.hpp"
#include "core/addresses.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace renewd::configuration {
namespace {

constexpr std::string_view kProbeForm = "http://localhost:18082/_node/health";
constexpr std::string_view kEndpointForm = "https://etcd-1.example.com:2379";
constexpr std::string_view kAccountForm = "https://REGION.cloud.gravitee.io/management/accounts/ACCOUNT-ID";

tl::unexpected<std::string> wrong(std::string why) {
  return tl::unexpected(std::move(why));
}

bool is_account_id(std::string_view segment) {
  const bool plain = std::ranges::all_of(segment, [](char c) { return is_alphanumeric_or(c, "-_."); });
  return plain && !segment.empty() && segment != "." && segment != ".." && segment != "accounts";
}

// The problem with a number that other programs read differently; empty when there is none.
std::string ambiguous_numbers(const UrlParts& url) {
  if (is_ambiguous_address(url.host)) {
    return "has an ambiguous IP address; write four decimal numbers without leading zeros, as in 192.0.2.1";
  }
  return leading_zero_hint(url.port_text).empty() ? "" : "has a port with a leading zero; remove the zero";
}

// What is wrong with the URL of a server of the operator's own; empty when nothing is.
std::string server_problem(const UrlParts& url) {
  if (url.has_user_info) {
    return "must not contain a user name or password; put them under `username` and `password`";
  }
  if (url.scheme == "http" && !is_loopback(url.host)) {
    return "must start with https:// (http is accepted only for loopback addresses: 127.0.0.0/8, ::1, localhost)";
  }
  return ambiguous_numbers(url);
}

// Nothing for a port that cannot exist.
std::optional<UrlParts> parse_url(std::string_view text) {
  auto url = split_url(text);
  return url && (!url->has_port || url->port) ? std::optional(std::move(*url)) : std::nullopt;
}

}  // namespace

tl::expected<std::string, std::string> parse_account_url(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  const auto url = parse_url(text);
  if (!url) {
    return wrong("is not a URL; copy it from the cloud's token dialog, where it looks like " +
                 std::string(kAccountForm));
  }
  if (url->scheme != "https" && url->scheme != "http") {
    return wrong("must start with https://");
  }
  if (url->scheme == "http" && !is_loopback(url->host)) {
    return wrong(
        "must start with https://, because http would expose the token to the network (http is accepted only for "
        "loopback addresses: 127.0.0.0/8, ::1, localhost)");
  }
  if (auto ambiguous = ambiguous_numbers(*url); !ambiguous.empty()) {
    return wrong(std::move(ambiguous));
  }
  if (url->has_user_info) {
    return wrong("must not contain a user name or password; put the account token under `token`");
  }
  if (url->has_query || url->has_fragment) {
    return wrong("must end with the account id, without ? or #");
  }
  const std::string_view path = url->path;
  if (path.ends_with("/renewcert") || path.ends_with("/certificate")) {
    return wrong("must end with the account id; remove /certificate/renewcert, which the daemon appends");
  }
  if (!is_account_id(path.substr(path.find_last_of('/') + 1))) {
    return wrong("must end with the account id, as in " + std::string(kAccountForm));
  }
  return std::string(text);
}

tl::expected<std::string, std::string> parse_probe_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    return wrong("is not a URL such as " + std::string(kProbeForm));
  }
  if (url->scheme != "https" && url->scheme != "http") {
    return wrong("must start with http:// or https://");
  }
  if (auto problem = server_problem(*url); !problem.empty()) {
    return wrong(std::move(problem));
  }
  if (url->has_fragment) {
    return wrong("must not contain a #");
  }
  return std::string(text);
}

tl::expected<std::string, std::string> parse_endpoint(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    return wrong("is not a URL such as " + std::string(kEndpointForm));
  }
  if (url->scheme != "https" && url->scheme != "http") {
    return wrong("must start with https://, as in " + std::string(kEndpointForm));
  }
  if (auto problem = server_problem(*url); !problem.empty()) {
    return wrong(std::move(problem));
  }
  if (!url->port) {
    return wrong("must include a port, as in " + std::string(kEndpointForm));
  }
  if ((!url->path.empty() && url->path != "/") || url->has_query || url->has_fragment) {
    return wrong("must end with the port, as in " + std::string(kEndpointForm));
  }
  return std::string(text.ends_with('/') ? text.substr(0, text.size() - 1) : text);
}

tl::expected<ProxySettings, std::string> parse_proxy(std::string_view text) {
  const auto url = split_url(text);
  if (!url) {
    return wrong("must have the form http://proxy.example.com:3128 or http://user@proxy.example.com:3128");
  }
  if (url->has_password) {
    return wrong("must not contain a password; put it under `http.proxy_password`");
  }
  if (url->scheme != "http") {
    return wrong("must start with http:// (an HTTP proxy with CONNECT; the connection through it still uses TLS)");
  }
  if (auto ambiguous = ambiguous_numbers(*url); !ambiguous.empty()) {
    return wrong(std::move(ambiguous));
  }
  if (!url->port) {
    return wrong("must include a port from 1 to 65535, as in http://proxy.example.com:3128");
  }
  if ((!url->path.empty() && url->path != "/") || url->has_query || url->has_fragment) {
    return wrong("must end with the port, as in http://proxy.example.com:3128");
  }
  // A colon would end the user name in Basic authentication (RFC 7617, 2).
  if (url->user.find(':') != std::string::npos) {
    return wrong("must not have a user name with a colon, which separates it from the password");
  }
  return ProxySettings{url->lookup_name, *url->port, url->user};
}

}  // namespace renewd::configuration
