#include "plain_json.hpp"

#include <cstdint>
#include <regex>
#include <stdexcept>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "configuration/yaml_document.hpp"

namespace renewd::configuration {
namespace {

namespace json = boost::json;

// By the table of the specification, independently of the loader, which is under test.
json::value plain_scalar(const std::string& text) {
  static const std::regex kNull("null|Null|NULL|~|");
  static const std::regex kTrue("true|True|TRUE");
  static const std::regex kFalse("false|False|FALSE");
  static const std::regex kDecimal("[-+]?[0-9]+");
  static const std::regex kOctal("0o[0-7]+");
  static const std::regex kHexadecimal("0x[0-9a-fA-F]+");
  static const std::regex kFloat("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  static const std::regex kNoNumber("[-+]?(\\.inf|\\.Inf|\\.INF)|\\.nan|\\.NaN|\\.NAN");
  if (std::regex_match(text, kNull)) {
    return nullptr;
  }
  if (std::regex_match(text, kTrue) || std::regex_match(text, kFalse)) {
    return std::regex_match(text, kTrue);
  }
  if (std::regex_match(text, kDecimal)) {
    return static_cast<std::int64_t>(std::stoll(text));
  }
  if (std::regex_match(text, kOctal) || std::regex_match(text, kHexadecimal)) {
    return static_cast<std::int64_t>(std::stoll(text.substr(2), nullptr, text[1] == 'x' ? 16 : 8));
  }
  if (std::regex_match(text, kFloat)) {
    return std::stod(text);
  }
  if (std::regex_match(text, kNoNumber)) {
    return 0.5;  // JSON has no such number; none of the keys takes one
  }
  return json::string(text);
}

json::value plain_node(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::scalar:
      return node.quoted ? json::value(json::string(node.text)) : plain_scalar(node.text);
    case YamlNode::Kind::list: {
      json::array array;
      for (const YamlNode* item : node.items) {
        array.push_back(plain_node(*item));
      }
      return array;
    }
    case YamlNode::Kind::map: {
      json::object object;
      for (const YamlEntry& entry : node.entries) {
        object[entry.key] = plain_node(*entry.value);
      }
      return object;
    }
  }
  throw std::runtime_error("unknown kind of node");
}

}  // namespace

json::value plain_json(std::string_view yaml) {
  const auto document = read_yaml(yaml);
  if (!document) {
    throw std::runtime_error(document.error().message);
  }
  return plain_node(*document->root);
}

}  // namespace renewd::configuration
