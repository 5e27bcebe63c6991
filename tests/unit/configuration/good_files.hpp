// Files that are right. Every key of the configuration is in one of them, with each kind of value that it takes.
#pragma once

#include <string>
#include <vector>

namespace renewd::configuration {

std::vector<std::string> good_files();

}  // namespace renewd::configuration
