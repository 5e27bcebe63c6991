#include "core/url.hpp"

#include <charconv>
#include <system_error>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "core/text.hpp"

namespace renewd {
namespace {

namespace urls = boost::urls;

// Empty if it is not possible to connect to the host. Refuses a percent-encoded name, since no name needs it, and the
// decoded text would go into a header.
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

// Boost.URL's own conversion wraps around: 65537 would be 1.
std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port != 0 ? std::optional(port) : std::nullopt;
}

// Boost.URL 1.81 fails an assertion on a URL without "//" but with a query ("a:?").
bool has_authority(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && text.substr(colon).starts_with("://");
}

}  // namespace

tl::expected<UrlParts, std::string_view> split_url(std::string_view text) {
  if (!has_authority(text)) {
    return tl::unexpected<std::string_view>("it is not a URL");
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed) {
    return tl::unexpected<std::string_view>("it is not a URL");
  }
  const urls::url_view& url = *parsed;
  UrlParts parts;
  parts.path = std::string(url.encoded_path());
  parts.lookup_name = lower_case(host_of(url));
  parts.host = parts.lookup_name;
  if (parts.host.ends_with('.')) {
    parts.host.pop_back();
  }
  // Boost.URL 1.81 splits "127.0.0.1.example/" into the address 127.0.0.1 and the path ".example/", but a path after a
  // host begins with a slash or is empty (RFC 3986, 3.3).
  if (parts.host.empty() || parts.host.ends_with('.') || (!parts.path.empty() && !parts.path.starts_with('/'))) {
    return tl::unexpected<std::string_view>("it has no valid host name");
  }
  parts.scheme = lower_case(std::string_view(url.scheme()));
  parts.has_user_info = url.has_userinfo();
  parts.has_password = url.has_password();
  parts.user = url.user();
  parts.has_port = url.has_port();
  parts.port_text = std::string(url.port());
  parts.port = port_of(parts.port_text);
  parts.target = std::string(url.encoded_target());
  if (!parts.target.starts_with('/')) {
    parts.target.insert(0, "/");
  }
  parts.has_query = url.has_query();
  parts.has_fragment = url.has_fragment();
  return parts;
}

}  // namespace renewd
