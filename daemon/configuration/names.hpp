// Names whose form the configuration and `init` check.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace renewd::configuration {

// Whether this is the full name of a service.
bool is_unit_name(std::string_view name);

// A certificate's name, unchanged, or what is wrong with it ("must consist of …").
tl::expected<std::string, std::string> parse_certificate_name(const std::string& text);

}  // namespace renewd::configuration
