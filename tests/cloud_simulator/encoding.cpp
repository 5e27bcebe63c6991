#include "encoding.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <openssl/evp.h>

namespace renewd::simulator {
namespace {

namespace json = boost::json;

std::string in_lines(const std::string& text, std::size_t width, const std::string& line_break) {
  std::string lines;
  for (std::size_t start = 0; start < text.size(); start += width) {
    lines += text.substr(start, width) + line_break;
  }
  return lines;
}

std::string urlsafe(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

// Without its padding, and one digit more than whole groups have.
std::string cut(const std::string& text) {
  return text.substr(0, text.size() / 8 * 4 + 1);
}

}  // namespace

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string encode(Encoding encoding, const std::string& bytes) {
  const std::string text = base64(bytes);
  switch (encoding) {
    case Encoding::as_is:
      return bytes;
    case Encoding::base64:
      return text;
    case Encoding::wrapped:
      return in_lines(text, 64, "\n");
    case Encoding::wrapped_crlf:
      return in_lines(text, 76, "\r\n");
    case Encoding::quoted:
      return '"' + in_lines(text, 64, "\n") + '"';
    case Encoding::newline:
      return text + "\n";
    case Encoding::urlsafe:
      return urlsafe(text);
    case Encoding::json_string:
      return json::serialize(json::value(text));
    case Encoding::json_object:
      return json::serialize(json::object{{"certificate", text}});
    case Encoding::json_nested:
      return json::serialize(
          json::object{{"status", "renewed!"}, {"expires_in", 31536000}, {"data", json::object{{"keystore", text}}}});
    case Encoding::json_deep:
      return json::serialize(json::object{{"result", json::object{{"data", json::object{{"certificate", text}}}}}});
    case Encoding::json_two_members:
      return json::serialize(json::object{{"certificate", text}, {"previous", text}});
    case Encoding::json_array:
      return json::serialize(json::array{text});
    case Encoding::cut:
      return cut(text);
    case Encoding::bad_digit:
      return std::string(text).replace(text.size() / 2, 1, "*");
    case Encoding::twice:
      return base64(text);
  }
  return {};
}

}  // namespace renewd::simulator
