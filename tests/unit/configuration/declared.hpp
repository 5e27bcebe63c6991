// The declared keys of the configuration (configuration/keys.hpp) as JSON, for documents and tests.
#pragma once

#include <map>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "configuration/keys.hpp"

namespace renewd::configuration {

// Each key with its kind, bounds, example and sentences, its current value as "default" (as in a file), if any, and the
// keys of its map.
boost::json::array declared(const Keys& keys);

// The values of these keys by their full names.
std::map<std::string, boost::json::value> values_of(const boost::json::array& keys, const std::string& prefix = "");

}  // namespace renewd::configuration
