#include "configuration/urls.hpp"

#include <algorithm>
#include <cctype>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace renewd::configuration {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kAccountForm = "https://eu.cloud.gravitee.io/management/accounts/ACCOUNT-ID";

tl::unexpected<std::string> wrong(std::string why) {
  return tl::unexpected(std::move(why));
}

bool has_plain_host(const urls::url_view& url) {
  // A percent sign in a host name is nothing that DNS or a certificate could hold.
  return url.has_authority() && !url.encoded_host().empty() && url.encoded_host().find('%') == std::string_view::npos;
}

bool is_loopback(const urls::url_view& url) {
  switch (url.host_type()) {
    case urls::host_type::ipv4:
      return url.host_ipv4_address().is_loopback();
    case urls::host_type::ipv6:
      return url.host_ipv6_address().is_loopback();
    case urls::host_type::name: {
      std::string name = url.host();
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      return name == "localhost";
    }
    case urls::host_type::ipvfuture:
    case urls::host_type::none:
      return false;
  }
  return false;
}

bool has_bad_port(const urls::url_view& url) {
  return url.has_port() && url.port_number() == 0;
}

bool is_account_id(std::string_view segment) {
  const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  return plain && !segment.empty() && segment != "." && segment != ".." && segment != "accounts";
}

}  // namespace

tl::expected<std::string, std::string> parse_account_url(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed || !has_plain_host(*parsed) || has_bad_port(*parsed)) {
    return wrong("is not a URL; copy it from the cloud's token dialog, it looks like " + std::string(kAccountForm));
  }
  const urls::url_view& url = *parsed;
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http) {
    return wrong("must begin with https://");
  }
  if (url.scheme_id() == urls::scheme::http && !is_loopback(url)) {
    return wrong(
        "must begin with https://, since http would show the token to the network (http is accepted for "
        "127.0.0.0/8, ::1 and localhost alone)");
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

tl::expected<ProxySettings, std::string> parse_proxy(std::string_view text) {
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
  if (!url.has_port() || url.port_number() == 0) {
    return wrong("must name the port, from 1 to 65535, as in http://proxy.example.com:3128");
  }
  if ((url.encoded_path() != "" && url.encoded_path() != "/") || url.has_query() || url.has_fragment()) {
    return wrong("must end with the port, as in http://proxy.example.com:3128");
  }
  // A colon would end the user name in Basic authentication (RFC 7617, 2).
  const std::string user = url.user();
  if (user.find(':') != std::string::npos) {
    return wrong("must not have a user name with a colon; a proxy could not tell it from the password");
  }
  return ProxySettings{url.host_address(), url.port_number(), user};
}

}  // namespace renewd::configuration
