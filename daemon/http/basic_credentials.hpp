// Who we are, in HTTP's Basic scheme (RFC 7617).
#pragma once

#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace renewd::http {

struct BasicCredentials {
  std::string user;  // without a colon, which would end it
  Secret password;
};

// "user:password" in base64: what comes after "Basic ".
Secret encode(const BasicCredentials& credentials);

}  // namespace renewd::http
