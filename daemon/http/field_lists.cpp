#include "http/field_lists.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace renewd::http {
namespace {

constexpr std::string_view kBlanks = " \t";

// `realm="…"` is a parameter of the previous challenge; `Basic realm="…"`, `NTLM` and `Negotiate TlRM==` begin a new
// one.
bool is_parameter(std::string_view element) {
  const auto end = element.find_first_of(" \t=");
  const auto next = element.find_first_not_of(kBlanks, end);
  return next != std::string_view::npos && element[next] == '=';
}

}  // namespace

std::vector<std::string_view> list_elements(std::string_view value) {
  std::vector<std::string_view> elements;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t at = 0; at <= value.size(); ++at) {
    if (at < value.size() && quoted && value[at] == '\\') {
      ++at;  // skip the escaped character
      continue;
    }
    if (at < value.size() && value[at] == '"') {
      quoted = !quoted;
    }
    if (at == value.size() || (value[at] == ',' && !quoted)) {
      if (const auto element = trimmed(value.substr(start, at - start)); !element.empty()) {
        elements.push_back(element);
      }
      start = at + 1;
    }
  }
  // A quoted string that is not closed, after a backslash at the end.
  if (start < value.size() && quoted) {
    elements.push_back(trimmed(value.substr(start)));
  }
  return elements;
}

std::vector<std::string> offered_schemes(std::string_view value) {
  std::vector<std::string> schemes;
  for (const std::string_view element : list_elements(value)) {
    const std::string_view scheme = element.substr(0, element.find_first_of(kBlanks));
    const bool known =
        std::ranges::any_of(schemes, [&](const std::string& other) { return lower_case(other) == lower_case(scheme); });
    if (!is_parameter(element) && !known) {
      schemes.emplace_back(scheme);
    }
  }
  return schemes;
}

bool offers_basic(const std::vector<std::string>& schemes) {
  return std::ranges::any_of(schemes, [](const std::string& scheme) { return lower_case(scheme) == "basic"; });
}

}  // namespace renewd::http
