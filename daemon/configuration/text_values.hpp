// Forms of text that are asked for elsewhere as well.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace renewd::configuration {

// A certificate's name, as it is; otherwise what is wrong with it ("must consist of …").
tl::expected<std::string, std::string> parse_certificate_name(const std::string& text);

}  // namespace renewd::configuration
