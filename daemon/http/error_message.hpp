// Extracts the message from the body of an error response.
#pragma once

#include <string>
#include <string_view>

namespace renewd::http {

// The "message" of a JSON body with its "technicalCode" in brackets; the title, or else the text, of an HTML page; for
// other formats the whole body. Neither redacted, escaped nor cut.
std::string error_message(std::string_view body);

}  // namespace renewd::http
