#include "http/url.hpp"

#include <charconv>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::http {
namespace {

namespace asio = boost::asio;
namespace urls = boost::urls;

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::uint16_t default_port(Scheme scheme) {
  return scheme == Scheme::https ? kHttpsPort : kHttpPort;
}

tl::unexpected<Error> refused(std::string_view text, std::string_view why) {
  return failure(ErrorKind::client_error, fmt::format("the URL {} cannot be used: {}", printable(text), why));
}

// Empty when the host is of a kind that cannot be connected to. An encoded name is refused rather than decoded: no name
// needs it, and what it decodes to would go into a header.
std::string host_of(const urls::url_view& url) {
  switch (url.host_type()) {
    case urls::host_type::name: {
      const std::string name(url.encoded_host());
      return name.find('%') == std::string::npos ? name : std::string();
    }
    case urls::host_type::ipv4:
    case urls::host_type::ipv6:
      return url.host_address();
    case urls::host_type::none:
    case urls::host_type::ipvfuture:
      return {};
  }
  return {};
}

// From 1 to 65535; Boost.URL's own number wraps around.
std::optional<std::uint16_t> port_of(const urls::url_view& url) {
  const std::string_view text = url.port();
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port != 0 ? std::optional(port) : std::nullopt;
}

// Boost.URL 1.81 trips over its own assertion on a URL without "//" that has a query ("a:?").
bool has_authority(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && text.substr(colon).starts_with("://");
}

}  // namespace

bool Url::host_is_address() const {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

bool Url::host_is_loopback() const {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return error ? host == "localhost" : address.is_loopback();
}

std::string Url::authority() const {
  return http::authority(host, port);
}

std::string Url::host_header() const {
  if (port != default_port(scheme)) {
    return authority();
  }
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<Url> parse_url(std::string_view text) {
  if (!has_authority(text)) {
    return refused(text, "it is not a URL");
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed) {
    return refused(text, "it is not a URL");
  }
  const urls::url_view& url = *parsed;
  if (url.has_userinfo()) {
    // Without its text, which may hold a password.
    return failure(ErrorKind::client_error, "the URL cannot be used: it holds a user name or password");
  }
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http) {
    return refused(text, "neither http nor https");
  }
  // Boost.URL 1.81 takes "127.0.0.1.example/" for the address 127.0.0.1 and the path ".example/"; after a host, a path
  // begins with a slash or is none (RFC 3986, 3.3).
  if (!url.encoded_path().empty() && !url.encoded_path().starts_with('/')) {
    return refused(text, "its host is not one");
  }
  Url result;
  result.scheme = url.scheme_id() == urls::scheme::https ? Scheme::https : Scheme::http;
  result.host = host_of(url);
  if (result.host.empty()) {
    return refused(text, "it names no host");
  }
  for (char& c : result.host) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  result.lookup_name = result.host;
  if (result.host.ends_with('.')) {
    result.host.pop_back();
  }
  if (result.host.empty() || result.host.ends_with('.')) {
    return refused(text, "its host is not one");
  }
  result.port = default_port(result.scheme);
  if (!url.port().empty()) {
    const auto port = port_of(url);
    if (!port) {
      return refused(text, "its port is not one");
    }
    result.port = *port;
  }
  result.target = std::string(url.encoded_target());
  if (!result.target.starts_with('/')) {
    result.target.insert(0, "/");
  }
  if (result.scheme == Scheme::http && !result.host_is_loopback()) {
    return refused(text, "http is for loopback addresses alone");
  }
  return result;
}

std::string authority(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace renewd::http
