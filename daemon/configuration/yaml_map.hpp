// A map of the configuration, read key by key against the keys that it may have.
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
  // Reports every key that is unknown, of a later version or given twice. `name` is that of the map in messages
  // ("gateway.verify"), empty for the whole file. Nothing, and an error, when the node is not a map. The node and the
  // sink must outlive the result.
  static std::optional<YamlMap> open(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink);

  // The value of a key, or null when the map lacks it.
  const YamlNode* find(std::string_view key) const;
  // The same; a missing key is an error at the place of the map. `hint` ends the message. One that is there with a typo
  // has been reported as such, and is not missing as well.
  const YamlNode* require(std::string_view key, std::string_view hint = {}) const;
  // The place of a key, or of the map when it lacks the key.
  Place place_of(std::string_view key) const;
  // Which of `keys` the map has, in the order of the file.
  std::vector<std::string_view> present(const std::vector<std::string_view>& keys) const;
  // Whether a key of the map was meant to be one of these and has a typo: reported, and nothing to add.
  bool mistypes(const std::vector<std::string_view>& keys) const;
  // The one of two keys that the map has; otherwise an empty text, and an error.
  std::string_view exactly_one(std::string_view first, std::string_view second) const;

  Place place() const { return node_->place; }
  DiagnosticSink& sink() const { return *sink_; }
  // The full name of a key for messages: "keystore.path".
  std::string name_of(std::string_view key) const;

 private:
  YamlMap(const YamlNode& node, std::string name, DiagnosticSink& sink)
      : node_(&node), name_(std::move(name)), sink_(&sink) {}
  void check_keys(const Keys& keys);

  const YamlNode* node_;
  std::string name_;
  DiagnosticSink* sink_;
  std::vector<std::string_view> meant_;  // by keys with a typo
};

// "`a`, `b` and `c`", for messages.
std::string enumerate(const std::vector<std::string_view>& words, std::string_view conjunction);

// The candidate that the word was meant to be, or an empty text; the case of letters is no difference.
std::string_view meant_by(std::string_view word, const std::vector<std::string_view>& candidates);

// "did you mean "nearest"?", or an empty text.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace renewd::configuration
