#include "configuration/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::configuration {

// The characters of systemd.unit(5). Units of other types have no process that reads a keystore.
bool is_unit_name(std::string_view name) {
  constexpr std::string_view kType = ".service";
  return name.ends_with(kType) && name.size() > kType.size() && name.size() <= 255 &&
         std::ranges::all_of(name, [](char c) { return is_alphanumeric_or(c, ":-_.\\@"); });
}

tl::expected<std::string, std::string> parse_certificate_name(const std::string& text) {
  constexpr std::size_t kLongest = 64;  // it names a directory and labels a metric
  if (text.empty() || text.size() > kLongest ||
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    return tl::unexpected(fmt::format(
        "must consist of lower-case letters, digits and -, at most {} of them, such as production-eu", kLongest));
  }
  return text;
}

}  // namespace renewd::configuration
