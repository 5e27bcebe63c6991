#include "http/http_client.hpp"

#include <fmt/format.h>

namespace renewd::http {

tl::unexpected<Error> body_too_large(std::size_t limit) {
  return rejection(RejectionReason::too_large, fmt::format("the response is larger than {} KiB", limit / 1024));
}

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

}  // namespace renewd::http
