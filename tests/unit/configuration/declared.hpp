// The declared keys of the configuration (configuration/keys.hpp) as JSON, for documents and tests.
#pragma once

#include <boost/json/array.hpp>

#include "configuration/keys.hpp"

namespace renewd::configuration {

// Each key with its kind, bounds, example and sentences, the value that it has now, if any, as "default" (written as in
// a file), and the keys of the map that it holds.
boost::json::array declared(const Keys& keys);

}  // namespace renewd::configuration
