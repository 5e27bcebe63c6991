// Reads the keys of a map as they are declared (keys.hpp). A key that the file does not set keeps its default; a wrong
// value is reported. Strict on purpose: `12` is not a duration, and a password 0123 must be quoted, because YAML reads
// a number there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// Opens a map and reads each of its keys except sections. Nothing, and an error, when the node is not a map.
std::optional<YamlMap> read_map(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink);
// The same for the map under `key` of another one; nothing when it has no such key.
std::optional<YamlMap> read_section(const YamlMap& parent, std::string_view key, const Keys& keys);

// The value that the file gives to a key.
struct GivenValue {
  const YamlMap& map;
  std::string_view key;
  const YamlNode& node;

  // Text that is not empty; otherwise nothing, and an error that does not repeat the value: it may be a secret.
  std::optional<std::string> text() const { return text(node); }
  std::optional<std::string> text(const YamlNode& part) const;
  // A single value as the file has it; empty for a map, a list or no value.
  std::string_view scalar() const { return scalar(node); }
  static std::string_view scalar(const YamlNode& part);
  // Reports "`key` <why>" at the place of the value, or of a part of it.
  void refuse(std::string_view why) const { refuse(node, why); }
  void refuse(const YamlNode& part, std::string_view why) const;
  bool is_non_empty_list() const { return node.kind == YamlNode::Kind::list && !node.items.empty(); }
};

// Sets `into` to the parsed text, or reports why it cannot be parsed.
template <typename T, typename Parse>
void read_parsed(const GivenValue& given, T& into, Parse parse) {
  if (const auto text = given.text()) {
    if (auto parsed = parse(*text)) {
      into = std::move(*parsed);
    } else {
      given.refuse(parsed.error());
    }
  }
}

void read(const GivenValue& given, const Duration& value);
void read(const GivenValue& given, RenewBefore* value);
void read(const GivenValue& given, const Count& value);
void read(const GivenValue& given, bool* value);
void read(const GivenValue& given, const TimeOfDay& value);
void read(const GivenValue& given, const Choice& value);
void read(const GivenValue& given, const AbsolutePath& value);
void read(const GivenValue& given, const Text& value);
void read(const GivenValue& given, const OptionalText& value);
void read(const GivenValue& given, const UnitName& value);
void read(const GivenValue& given, const Texts& value);
void read(const GivenValue& given, const Signal& value);
void read(const GivenValue& given, std::optional<SecretSource>* value);
void read(const GivenValue& given, std::optional<Pattern>* value);
void read(const GivenValue& given, std::optional<ProxySettings>* value);
void read(const GivenValue& given, std::optional<ListenAddress>* value);
void read(const GivenValue& given, std::bitset<7>* value);
void read(const GivenValue& given, TimeZone* value);
void read(const GivenValue& given, std::vector<MaintenanceWindow>* value);
void read(const GivenValue& given, const EmptyMap& value);

}  // namespace renewd::configuration
