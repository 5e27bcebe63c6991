// The URL of a request. Only http and https, without user info (which would get into logs), and http only for loopback
// hosts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::http {

enum class Scheme { http, https };

struct Url {
  Scheme scheme;
  std::string host;         // as in core/url.hpp
  std::string lookup_name;  // as in core/url.hpp
  std::uint16_t port;
  // Path and query, at least "/".
  std::string target;

  bool host_is_address() const;
  // "localhost", 127.0.0.0/8 or ::1: http is allowed, and the proxy is not used.
  bool host_is_loopback() const;
  // "host:port", with an IPv6 address in brackets.
  std::string authority() const;
  // The value of the Host header: without the port if it is the default.
  std::string host_header() const;
};

// Errors: client_error.
Result<Url> parse_url(std::string_view text);

// "host:port", with an IPv6 address in brackets.
std::string authority(std::string_view host, std::uint16_t port);

}  // namespace renewd::http
