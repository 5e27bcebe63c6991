#include "configuration/places.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>

namespace renewd::configuration {
namespace {

// "a[1].b" is "a", then "1]", then "b".
std::string_view take_step(std::string_view& path) {
  const std::size_t end = path.find_first_of(".[");
  const std::string_view step = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  return step;
}

const YamlNode* item_of(const YamlNode& list, std::string_view index) {
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(index.data(), index.data() + index.size() - 1, number);
  return error == std::errc() && number < list.items.size() ? list.items[number] : nullptr;
}

}  // namespace

Place Places::of(std::string_view path) const {
  const YamlNode* node = document_.root;
  while (!path.empty()) {
    const std::string_view step = take_step(path);
    if (step.empty()) {
      continue;  // between "]" and "."
    }
    const YamlNode* next = nullptr;
    if (step.ends_with(']')) {
      next = item_of(*node, step);
    } else if (const YamlEntry* const entry = node->find(step)) {
      next = entry->value;
    }
    if (next == nullptr) {
      break;
    }
    node = next;
  }
  return node->place;
}

}  // namespace renewd::configuration
