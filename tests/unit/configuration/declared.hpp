// The declared keys of the configuration (configuration/keys.hpp) as JSON, for documents and tests.
#pragma once

#include <map>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "configuration/keys.hpp"

namespace renewd::configuration {

// Each key with its kind, bounds, example and sentences, the value that it has now, if any, as "default" (written as in
// a file), and the keys of the map that it holds.
boost::json::array declared(const Keys& keys);

// Of those, the values by the full names of the keys.
std::map<std::string, boost::json::value> values_of(const boost::json::array& keys, const std::string& prefix = "");

}  // namespace renewd::configuration
