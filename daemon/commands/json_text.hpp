// How commands print JSON.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace renewd::commands {

// One line, whose strings are escaped() (core/text.hpp): whoever takes one out (`jq -r`) may show it on a terminal, and
// a path need not be UTF-8, which JSON must be.
std::string json_text(boost::json::value value);

}  // namespace renewd::commands
