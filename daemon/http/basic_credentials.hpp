// Credentials for HTTP Basic authentication (RFC 7617).
#pragma once

#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace renewd::http {

struct BasicCredentials {
  std::string user;  // must not contain a colon
  Secret password;
};

// "user:password" in base64.
Secret encode(const BasicCredentials& credentials);

}  // namespace renewd::http
