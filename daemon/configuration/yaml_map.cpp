#include "configuration/yaml_map.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::configuration {
namespace {

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string did_you_mean(std::string_view word) {
  return fmt::format("did you mean \"{}\"?", word);
}

std::vector<std::string_view> names_of(const Keys& keys) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    names.push_back(key.name);
  }
  return names;
}

// An unknown key may be a secret ("value:hunter2" is a key); then the message does not repeat it.
bool may_be_secret(const Keys& keys) {
  return std::any_of(keys.begin(), keys.end(), [](const Key& key) {
    const auto* const text = std::get_if<Text>(&key.value);
    return text != nullptr && text->kind == TextKind::secret;
  });
}

std::string unknown_key(std::string_view key, std::string_view meant, const std::string& map, const Keys& keys) {
  std::string message = may_be_secret(keys) ? "unknown key" : fmt::format("unknown key \"{}\"", printable(key, 60));
  if (!map.empty()) {
    message += fmt::format(" in `{}`", map);
  }
  if (key == "<<") {
    return message + "; merge keys are not supported: write the keys out";
  }
  return message + "; " +
         (meant.empty() ? "the keys here are " + enumerate(names_of(keys), "and") : did_you_mean(meant));
}

}  // namespace

std::optional<YamlMap> YamlMap::open(const YamlNode& node, std::string name, const Keys& keys, DiagnosticSink& sink) {
  if (node.kind != YamlNode::Kind::map) {
    sink.error(node.place,
               fmt::format("{} must be a map with the keys {}", name.empty() ? "the file" : fmt::format("`{}`", name),
                           enumerate(names_of(keys), "and")));
    return std::nullopt;
  }
  YamlMap map(node, std::move(name), sink);
  map.check_keys(keys);
  map.check_alternatives(keys);
  return map;
}

void YamlMap::check_keys(const Keys& keys) {
  std::map<std::string_view, Place> seen;
  for (const YamlEntry& entry : node_->entries) {
    if (sink_->full()) {
      return;
    }
    const auto [first, is_new] = seen.try_emplace(entry.key, entry.place);
    const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == entry.key; });
    if (known == keys.end()) {
      meant_.push_back(meant_by(entry.key, names_of(keys)));
      sink_->error(entry.place, unknown_key(entry.key, meant_.back(), name_, keys));
    } else if (!is_new) {
      sink_->error(entry.place, fmt::format("`{}` appears twice, first on line {}; remove one of them",
                                            name_of(entry.key), first->second.line));
    }
  }
}

const YamlNode* YamlMap::find(std::string_view key) const {
  const YamlEntry* const entry = node_->find(key);
  return entry == nullptr ? nullptr : entry->value;
}

const YamlNode* YamlMap::require(std::string_view key, std::string_view hint) const {
  const YamlNode* value = find(key);
  if (value == nullptr && !mistypes({key})) {
    sink_->error(place(), fmt::format("the key `{}` is missing{}", name_of(key), hint));
  }
  return value;
}

Place YamlMap::place_of(std::string_view key) const {
  const YamlEntry* const entry = node_->find(key);
  return entry == nullptr ? place() : entry->place;
}

std::vector<std::string_view> YamlMap::present(const std::vector<std::string_view>& keys) const {
  std::vector<std::string_view> found;
  for (const YamlEntry& entry : node_->entries) {
    if (contains(keys, entry.key) && !contains(found, entry.key)) {
      found.push_back(entry.key);
    }
  }
  return found;
}

bool YamlMap::mistypes(const std::vector<std::string_view>& keys) const {
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return contains(meant_, key); });
}

void YamlMap::check_alternatives(const Keys& keys) const {
  std::vector<std::string_view> alternatives;
  for (const Key& key : keys) {
    if (key.without == kOneOfThese) {
      alternatives.push_back(key.name);
    }
  }
  const auto found = present(alternatives);
  if (alternatives.empty() || found.size() == 1 || (found.empty() && mistypes(alternatives))) {
    return;
  }
  sink_->error(place(), fmt::format("`{}` must have exactly one of {}{}", name_, enumerate(alternatives, "or"),
                                    found.empty() ? "" : ", but has " + enumerate(found, "and")));
}

std::string YamlMap::name_of(std::string_view key) const {
  // Messages name a key of a certificate by itself.
  return name_.empty() || name_.ends_with("[]") ? std::string(key) : fmt::format("{}.{}", name_, key);
}

std::string enumerate(const std::vector<std::string_view>& words, std::string_view conjunction) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      text += i + 1 == words.size() ? fmt::format(" {} ", conjunction) : ", ";
    }
    text += fmt::format("`{}`", words[i]);
  }
  return text;
}

std::string_view meant_by(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongestTypo = 64;  // computing the distance costs time and memory in proportion to the word
  if (word.size() > kLongestTypo) {
    return {};
  }
  return nearest(lower_case(word), candidates);
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view meant = meant_by(word, candidates);
  return meant.empty() ? std::string() : did_you_mean(meant);
}

}  // namespace renewd::configuration
