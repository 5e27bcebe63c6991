// A map of the configuration, checked against the keys that are declared for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/diagnostic.hpp"
#include "configuration/keys.hpp"
#include "configuration/yaml_document.hpp"

namespace renewd::configuration {

class YamlMap {
 public:
  // Reports every key that is unknown or given twice, and alternatives (kOneOfThese) of which there
  // is not exactly one. `name` stands for the map in messages ("gateway.verify"); it is empty for the whole file.
  // Nothing, and an error, when the node is not a map. The node and the sink must outlive the result.
  static std::optional<YamlMap> open(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink);

  // The value of a key, or null when the map lacks it.
  const YamlNode* find(std::string_view key) const;
  // The same; a missing key is an error at the place of the map, unless a typo of it has been reported. `hint` ends the
  // message.
  const YamlNode* require(std::string_view key, std::string_view hint = {}) const;
  // Where the key is, or the map when it lacks the key.
  Place place_of(std::string_view key) const;
  // Which of `keys` the map has, in the order of the file.
  std::vector<std::string_view> present(const std::vector<std::string_view>& keys) const;
  // Whether an unknown key was probably meant to be one of these. It has been reported: report nothing else about them.
  bool mistypes(const std::vector<std::string_view>& keys) const;

  Place place() const { return node_->place; }
  DiagnosticSink& sink() const { return *sink_; }
  // The full name of a key for messages: "keystore.path".
  std::string name_of(std::string_view key) const;

 private:
  YamlMap(const YamlNode& node, std::string name, DiagnosticSink& sink)
      : node_(&node), name_(std::move(name)), sink_(&sink) {}
  void check_keys(const Keys& keys);
  void check_alternatives(const Keys& keys) const;

  const YamlNode* node_;
  std::string name_;
  DiagnosticSink* sink_;
  std::vector<std::string_view> meant_;  // the keys that unknown ones were probably meant to be
};

// "`a`, `b` and `c`", for messages.
std::string enumerate(const std::vector<std::string_view>& words, std::string_view conjunction);

// The candidate that the word was probably meant to be, ignoring case, or an empty text.
std::string_view meant_by(std::string_view word, const std::vector<std::string_view>& candidates);

// "did you mean "nearest"?", or an empty text.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace renewd::configuration
