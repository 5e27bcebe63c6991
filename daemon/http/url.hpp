// What a URL says about where to connect and what to ask for. Only http and https, and only what the daemon may use:
// no user info (a secret in a log), and http to loopback hosts alone.
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
  // "localhost", 127.0.0.0/8 or ::1: http is allowed there, and no proxy is asked.
  bool host_is_loopback() const;
  // "host:port", an IPv6 address in brackets: for CONNECT and for messages.
  std::string authority() const;
  // The Host header: the port is left out where it is the scheme's own.
  std::string host_header() const;
};

// Errors: client_error.
Result<Url> parse_url(std::string_view text);

// "host:port", an IPv6 address in brackets.
std::string authority(std::string_view host, std::uint16_t port);

}  // namespace renewd::http
