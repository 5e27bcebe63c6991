// The version of the product, as `--version` prints it and the cloud sees it.
#pragma once

#include <string_view>

namespace renewd {

std::string_view version();

}  // namespace renewd
