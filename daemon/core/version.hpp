// The version of the product, for `--version` and the User-Agent header.
#pragma once

#include <string_view>

namespace renewd {

std::string_view version();

}  // namespace renewd
