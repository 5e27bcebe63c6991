#include "http/url.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/addresses.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace renewd::http {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::uint16_t default_port(Scheme scheme) {
  return scheme == Scheme::https ? kHttpsPort : kHttpPort;
}

// Does not quote the text if it may contain a password.
tl::unexpected<Error> refused(std::string_view text, std::string_view why) {
  const bool shown = text.find('@') == std::string_view::npos;
  return failure(ErrorKind::client_error,
                 fmt::format("the URL {}cannot be used: {}", shown ? printable(text) + " " : "", why));
}

}  // namespace

bool Url::host_is_address() const {
  return is_address(host);
}

bool Url::host_is_loopback() const {
  return is_loopback(host);
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
  auto parts = split_url(text);
  if (!parts) {
    return refused(text, parts.error());
  }
  if (parts->has_user_info) {
    return refused(text, "it contains a user name or password");
  }
  if (parts->scheme != "https" && parts->scheme != "http") {
    return refused(text, "it must begin with http:// or https://");
  }
  if (!parts->port_text.empty() && !parts->port) {
    return refused(text, "its port is not a number from 1 to 65535");
  }
  const Scheme scheme = parts->scheme == "https" ? Scheme::https : Scheme::http;
  Url url{scheme, std::move(parts->host), std::move(parts->lookup_name), parts->port.value_or(default_port(scheme)),
          std::move(parts->target)};
  if (scheme == Scheme::http && !url.host_is_loopback()) {
    return refused(text, "http:// is allowed only for loopback addresses");
  }
  return url;
}

std::string authority(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace renewd::http
