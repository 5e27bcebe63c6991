// The kinds of URL in the configuration. The errors continue a sentence that starts with the key's name, and
// never repeat the URL: it may contain a password.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "configuration/settings.hpp"

namespace renewd::configuration {

// The account URL without trailing slashes: https, or http to a loopback address; its last path segment is the account
// id.
tl::expected<std::string, std::string> parse_account_url(std::string_view text);

// The URL of a health check, unchanged: https, or http to a loopback address.
tl::expected<std::string, std::string> parse_probe_url(std::string_view text);

// An endpoint of etcd without a trailing slash: https://host:port, or http to a loopback address.
tl::expected<std::string, std::string> parse_endpoint(std::string_view text);

// http://[user@]host:port
tl::expected<ProxySettings, std::string> parse_proxy(std::string_view text);

}  // namespace renewd::configuration
