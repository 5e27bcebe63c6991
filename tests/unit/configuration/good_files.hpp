// Valid files. Together they have every key of the configuration, with each kind of value that it accepts.
#pragma once

#include <string>
#include <vector>

namespace renewd::configuration {

std::vector<std::string> good_files();

}  // namespace renewd::configuration
