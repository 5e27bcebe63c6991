#include "monitoring/host_header.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/ip/address.hpp>

#include "core/text.hpp"

namespace renewd::monitoring {
namespace {

namespace asio = boost::asio;

std::optional<asio::ip::address> address_of(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return std::nullopt;  // Asio reads only up to it
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(std::string(text), error);
  return error ? std::nullopt : std::optional(address);
}

bool is_port(std::string_view text) {
  return text.empty() ||
         (text.front() == ':' && std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
}

// RFC 3986, 3.2.2: an IPv6 address in brackets, an IPv4 address, or a name.
bool is_local(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    const auto address = address_of(host.substr(1, end - 1));
    return address && address->is_v6() && is_port(host.substr(end + 1));
  }
  const auto end = std::min(host.find(':'), host.size());
  const std::string_view name = host.substr(0, end);
  const auto address = address_of(name);
  return is_port(host.substr(end)) && (address ? address->is_v4() : lower_case(name) == "localhost");
}

}  // namespace

bool accepts_host(const configuration::ListenAddress& listener, std::string_view host) {
  const auto* const tcp = std::get_if<configuration::TcpAddress>(&listener);
  const auto address = tcp == nullptr ? std::nullopt : address_of(tcp->address);
  return !address || !address->is_loopback() || is_local(host);
}

}  // namespace renewd::monitoring
