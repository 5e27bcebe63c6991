#include "configuration/urls.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "configuration/addresses.hpp"
#include "configuration/numbers.hpp"

namespace renewd::configuration {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kProbeForm = "http://localhost:18082/_node/health";
constexpr std::string_view kAccountForm = "https://eu.cloud.gravitee.io/management/accounts/ACCOUNT-ID";

tl::unexpected<std::string> wrong(std::string why) {
  return tl::unexpected(std::move(why));
}

// Boost 1.81 takes 127.0.0.1.example.com for the host 127.0.0.1 and the path ".example.com" (RFC 3986, 3.3: a path
// after an authority begins with a slash). A percent sign in a host is nothing that DNS or a certificate could hold.
bool has_plain_host(const urls::url_view& url) {
  const std::string_view host = url.encoded_host();
  const std::string_view path = url.encoded_path();
  return !host.empty() && host.find('%') == std::string_view::npos && (path.empty() || path.starts_with('/'));
}

// The host as resolvers want it: an IPv6 address without its brackets.
std::string host_of(const urls::url_view& url) {
  std::string_view host = url.encoded_host();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

// From 1 to 65535. Boost.URL's own port_number() takes 65537 for 1.
std::optional<std::uint16_t> port_of(const urls::url_view& url) {
  return parse_port(std::string_view(url.port()));
}

bool is_account_id(std::string_view segment) {
  const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  return plain && !segment.empty() && segment != "." && segment != ".." && segment != "accounts";
}

// Boost.URL 1.81 trips over its own assertion on a URL without "//" that has a query ("a:?").
bool has_authority(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && text.substr(colon).starts_with("://");
}

// What is wrong with numbers that others read otherwise; empty for nothing.
std::string ambiguous_numbers(const urls::url_view& url) {
  if (is_ambiguous_address(host_of(url))) {
    return "has an address that is read in more than one way; write four decimal numbers without leading zeros, as in "
           "192.0.2.1";
  }
  return leading_zero_hint(std::string_view(url.port())).empty() ? ""
                                                                 : "has a port with a leading zero; write it without";
}

// With a host and, if any, a port that can be connected to, or one for ambiguous_numbers(); the result refers to
// `text`.
std::optional<urls::url_view> parse_url(std::string_view text) {
  if (!has_authority(text)) {
    return std::nullopt;
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed || !has_plain_host(*parsed) ||
      (parsed->has_port() && !port_of(*parsed) && ambiguous_numbers(*parsed).empty())) {
    return std::nullopt;
  }
  return *parsed;
}

}  // namespace

tl::expected<std::string, std::string> parse_account_url(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  const auto parsed = parse_url(text);
  if (!parsed) {
    return wrong("is not a URL; copy it from the cloud's token dialog, it looks like " + std::string(kAccountForm));
  }
  const urls::url_view& url = *parsed;
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http) {
    return wrong("must begin with https://");
  }
  if (url.scheme_id() == urls::scheme::http && !is_loopback(host_of(url))) {
    return wrong(
        "must begin with https://, since http would show the token to the network (http is accepted for "
        "loopback addresses alone: 127.0.0.0/8, ::1, localhost)");
  }
  if (auto ambiguous = ambiguous_numbers(url); !ambiguous.empty()) {
    return wrong(std::move(ambiguous));
  }
  if (url.has_userinfo()) {
    return wrong("must not hold a user or password; the account token goes under `token`");
  }
  if (url.has_query() || url.has_fragment()) {
    return wrong("must end with the account id, without ? or #");
  }
  const std::string_view path = url.encoded_path();
  if (path.ends_with("/renewcert") || path.ends_with("/certificate")) {
    return wrong("must end with the account id; leave /certificate/renewcert out, it is appended");
  }
  if (!is_account_id(path.substr(path.find_last_of('/') + 1))) {
    return wrong("must end with the account id, as in " + std::string(kAccountForm));
  }
  return std::string(text);
}

tl::expected<std::string, std::string> parse_probe_url(std::string_view text) {
  const auto parsed = parse_url(text);
  if (!parsed) {
    return wrong("is not a URL; it looks like " + std::string(kProbeForm));
  }
  const urls::url_view& url = *parsed;
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http) {
    return wrong("must begin with http:// or https://");
  }
  if (url.has_userinfo()) {
    return wrong("must not hold a user or password; they go under `username` and `password`");
  }
  if (url.scheme_id() == urls::scheme::http && !is_loopback(host_of(url))) {
    return wrong(
        "must begin with https:// (http is accepted for loopback addresses alone: 127.0.0.0/8, ::1, localhost)");
  }
  if (auto ambiguous = ambiguous_numbers(url); !ambiguous.empty()) {
    return wrong(std::move(ambiguous));
  }
  if (url.has_fragment()) {
    return wrong("must not have a #");
  }
  return std::string(text);
}

tl::expected<ProxySettings, std::string> parse_proxy(std::string_view text) {
  if (!has_authority(text)) {
    return wrong("must have the form http://proxy.example.com:3128 or http://user@proxy.example.com:3128");
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed || !has_plain_host(*parsed)) {
    return wrong("must have the form http://proxy.example.com:3128 or http://user@proxy.example.com:3128");
  }
  const urls::url_view& url = *parsed;
  if (url.has_password()) {
    return wrong("must not hold a password; put it under `http.proxy_password`");
  }
  if (url.scheme_id() != urls::scheme::http) {
    return wrong("must begin with http:// (an HTTP proxy with CONNECT; the connection through it is TLS all the same)");
  }
  if (auto ambiguous = ambiguous_numbers(url); !ambiguous.empty()) {
    return wrong(std::move(ambiguous));
  }
  const auto port = port_of(url);
  if (!port) {
    return wrong("must name the port, from 1 to 65535, as in http://proxy.example.com:3128");
  }
  if ((!url.encoded_path().empty() && url.encoded_path() != "/") || url.has_query() || url.has_fragment()) {
    return wrong("must end with the port, as in http://proxy.example.com:3128");
  }
  // A colon would end the user name in Basic authentication (RFC 7617, 2).
  const std::string user = url.user();
  if (user.find(':') != std::string::npos) {
    return wrong("must not have a user name with a colon; a proxy could not tell it from the password");
  }
  return ProxySettings{host_of(url), *port, user};
}

}  // namespace renewd::configuration
