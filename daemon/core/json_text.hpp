// How everything writes JSON: what commands print, the log's lines, and the files of the state.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace renewd {

// One line, whose strings are escaped() (core/text.hpp): whoever takes one out (`jq -r`) may show it on a terminal, and
// a path need not be UTF-8, which JSON must be. What is not would be refused by its readers, ours of the state
// included.
std::string json_text(boost::json::value value);

}  // namespace renewd
