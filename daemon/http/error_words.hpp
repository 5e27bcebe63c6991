// The words of an error answer, whatever it is written in.
#pragma once

#include <string>
#include <string_view>

namespace renewd::http {

// The "message" of a JSON body with its "technicalCode" in brackets, the title or text of an HTML page, else the body.
// Neither escaped nor cut: for whoever must look for something in it first.
std::string error_words(std::string_view body);

}  // namespace renewd::http
