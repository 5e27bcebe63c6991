// The codings that a body may be sent in although none is asked for (RFC 9110, 8.4; RFC 9112, 7.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "http/http_client.hpp"

namespace renewd::http {

// Takes `codings`, in the order in which they were applied, off the body: gzip, x-gzip, deflate (with and without the
// wrapping of zlib). A body that one of them cannot be taken off, since it is damaged or not known here, stays as it
// came, and `response.undecoded` says why. Uses memory of no more than twice the limit for a body.
// Errors: bad_answer with reason too_large for a body that is larger than that once decoded.
Result<void> decode_body(HttpResponse& response, const std::vector<std::string>& codings);

}  // namespace renewd::http
