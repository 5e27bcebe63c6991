#include "response_text.hpp"

#include <ctime>
#include <sstream>

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

std::string status_line(unsigned status, const std::string& version) {
  namespace http = boost::beast::http;
  return version + " " + std::to_string(status) + " " +
         std::string(http::obsolete_reason(http::int_to_status(status))) + "\r\nDate: " + http_date() +
         "\r\nConnection: close\r\n";
}

std::string fields(const Response& response) {
  std::string text;
  if (!response.content_type.empty()) {
    text += "Content-Type: " + response.content_type + "\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    text += name + ": " + value + "\r\n";
  }
  return text;
}

}  // namespace

std::string head_text(const Response& response) {
  return head_text(response, response.body.size());
}

std::string head_text(const Response& response, std::size_t length) {
  return status_line(response.status, "HTTP/1.1") + "Content-Length: " + std::to_string(length) + "\r\n" +
         fields(response) + "\r\n";
}

std::string head_text_of_http10(const Response& response) {
  return status_line(response.status, "HTTP/1.0") + fields(response) + "\r\n";
}

std::string chunked_head_text() {
  return status_line(200, "HTTP/1.1") + "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk_text(const std::string& text) {
  std::ostringstream size;
  size << std::hex << text.size();
  return size.str() + "\r\n" + text + "\r\n";
}

std::string interim_text() {
  return "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
}

}  // namespace renewd::simulator
