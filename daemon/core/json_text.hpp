// Serializes JSON for output, for the log and for the state files.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace renewd {

// One line. Escapes strings (escaped() in core/text.hpp), since readers of the JSON may print them on a terminal, and
// JSON must be UTF-8 while a path need not be.
std::string json_text(boost::json::value value);

}  // namespace renewd
