#include "core/json_text.hpp"

#include <boost/json.hpp>

#include "core/text.hpp"

namespace renewd {
namespace {

namespace json = boost::json;

// Member names and nesting are not foreign.
void escape_strings(json::value& value) {
  if (auto* const text = value.if_string()) {
    *text = escaped(*text);
  } else if (auto* const array = value.if_array()) {
    for (auto& element : *array) {
      escape_strings(element);
    }
  } else if (auto* const object = value.if_object()) {
    for (auto& member : *object) {
      escape_strings(member.value());
    }
  }
}

}  // namespace

std::string json_text(json::value value) {
  escape_strings(value);
  return json::serialize(value);
}

}  // namespace renewd
