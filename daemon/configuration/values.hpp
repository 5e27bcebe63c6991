// Reading the keys of a map as they are declared (keys.hpp). What the file does not give is left as it is, and a value
// that is not what it should be is reported. Strict on purpose: `12` is no duration, and a password 0123 is refused
// until it is quoted, since YAML reads a number there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// Opens a map, and reads each of its keys but sections. Nothing, and an error, when the node is not a map.
std::optional<YamlMap> read_map(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink);

// The value that the file gives to a key.
struct Given {
  const YamlMap& map;
  std::string_view key;
  const YamlNode& node;

  // Text that is not empty; otherwise nothing, and an error that does not repeat it: it may be a secret.
  std::optional<std::string> text() const { return text(node); }
  std::optional<std::string> text(const YamlNode& part) const;
  // Any single value as it is written; empty for a map, a list or no value.
  std::string_view scalar() const { return scalar(node); }
  static std::string_view scalar(const YamlNode& part);
  // Reports "`key` why" at the place of the value, or of a part of it.
  void refuse(std::string_view why) const { refuse(node, why); }
  void refuse(const YamlNode& part, std::string_view why) const;
  bool is_list_of_some() const { return node.kind == YamlNode::Kind::list && !node.items.empty(); }
};

void read(const Given& given, const Duration& value);
void read(const Given& given, RenewBefore* value);
void read(const Given& given, const Count& value);
void read(const Given& given, bool* value);
void read(const Given& given, const TimeOfDay& value);
void read(const Given& given, const Choice& value);
void read(const Given& given, const AbsolutePath& value);
void read(const Given& given, const Text& value);
void read(const Given& given, const UnitName& value);
void read(const Given& given, const Texts& value);
void read(const Given& given, const Signal& value);
void read(const Given& given, std::optional<SecretSource>* value);
void read(const Given& given, std::optional<Pattern>* value);
void read(const Given& given, std::optional<ProxySettings>* value);
void read(const Given& given, std::optional<ListenAddress>* value);
void read(const Given& given, std::bitset<7>* value);
void read(const Given& given, TimeZone* value);
void read(const Given& given, std::vector<MaintenanceWindow>* value);
void read(const Given& given, const EmptyMap& value);

}  // namespace renewd::configuration
