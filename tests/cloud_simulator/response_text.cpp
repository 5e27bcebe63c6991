#include "response_text.hpp"

#include <ctime>

#include <boost/beast/http/status.hpp>

namespace renewd::simulator {
namespace {

// RFC 9110, 5.6.7.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, size};
}

std::string status_line(unsigned status) {
  namespace http = boost::beast::http;
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(http::obsolete_reason(http::int_to_status(status))) +
         "\r\nDate: " + http_date() + "\r\nConnection: close\r\n";
}

}  // namespace

std::string head_text(const Response& response) {
  std::string text = status_line(response.status);
  if (!response.content_type.empty()) {
    text += "Content-Type: " + response.content_type + "\r\n";
  }
  text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  for (const auto& [name, value] : response.headers) {
    text += name + ": " + value + "\r\n";
  }
  return text + "\r\n";
}

std::string chunked_head_text() {
  return status_line(200) + "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk_text() {
  return "4000\r\n" + std::string(0x4000, 'A') + "\r\n";
}

}  // namespace renewd::simulator
