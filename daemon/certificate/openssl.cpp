#include "certificate/openssl.hpp"

#include <array>

#include <openssl/err.h>

#include "core/text.hpp"

namespace renewd::certificate {

std::string drain_errors() {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (!text.empty()) {
      text += "; ";
    }
    if (const char* reason = ERR_reason_error_string(code)) {
      text += reason;
    } else {
      std::array<char, 256> buffer{};
      ERR_error_string_n(code, buffer.data(), buffer.size());
      text += buffer.data();
    }
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') {
      text += std::string(" (") + data + ")";
    }
  }
  // The details quote the file that was parsed.
  return printable(text, 400);
}

}  // namespace renewd::certificate
