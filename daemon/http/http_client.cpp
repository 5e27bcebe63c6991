#include "http/http_client.hpp"

namespace renewd::http {

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

}  // namespace renewd::http
