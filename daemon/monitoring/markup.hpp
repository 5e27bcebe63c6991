// Text of the page as HTML. Whatever the text is, it stays text: it is escaped, and its marks come from here alone.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace renewd::monitoring {

// Safe as text and as the value of an attribute.
std::string html_escaped(std::string_view text);

// Foreign text: a message from a server, a path. Words break at their end.
std::string verbatim(std::string_view text);
// A sentence of this program: times in one notation, and `keys` as code.
std::string prose(std::string_view text);
// The same for an instruction, which has the commands about `certificate` as code, too.
std::string instruction(std::string_view text, std::string_view certificate);

std::string time_html(TimePoint time);

}  // namespace renewd::monitoring
