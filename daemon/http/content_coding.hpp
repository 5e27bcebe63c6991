// Decodes content codings (RFC 9110, 8.4; RFC 9112, 7.2), which some servers use although the daemon requests none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

// Decodes the body, to which `codings` were applied in this order: gzip, x-gzip, deflate (with or without a zlib
// header). If a coding is damaged or not supported, the body stays unchanged and `response.undecoded` says why. Uses at
// most twice kBodyLimit of memory. Errors: bad_answer, with reason too_large for a decoded body over the limit.
Result<void> decode_body(HttpResponse& response, const std::vector<std::string>& codings);

}  // namespace renewd::http
