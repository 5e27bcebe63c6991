// The values of a map's keys, as the types of settings.hpp. Each function leaves `into` alone when the key is missing,
// and reports a value that is not what it should be. Strict on purpose: `12` is no duration, and a password 0123 is
// refused until it is quoted, since YAML reads a number there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configuration/settings.hpp"
#include "configuration/yaml_map.hpp"

namespace renewd::configuration {

// Text that is not empty. `name` is the key's in messages. The value itself is never repeated: it may be a secret.
std::optional<std::string> text_of(const YamlNode& node, std::string_view name, DiagnosticSink& sink);

// Any single value as it is written; nothing, without a message, for a map, a list or no value.
std::optional<std::string_view> scalar_of(const YamlNode& node);

void read_text(const YamlMap& map, std::string_view key, std::string& into);
void read_absolute_path(const YamlMap& map, std::string_view key, std::filesystem::path& into);
void read_absolute_path(const YamlMap& map, std::string_view key, std::optional<std::filesystem::path>& into);
void read_duration(const YamlMap& map, std::string_view key, seconds at_least, seconds& into);
void read_renew_before(const YamlMap& map, std::string_view key, RenewBefore& into);
void read_count(const YamlMap& map, std::string_view key, unsigned at_least, unsigned at_most, unsigned& into);
// true or false, without quotes.
void read_flag(const YamlMap& map, std::string_view key, bool& into);
// A list of at least one text, which may be empty.
void read_texts(const YamlMap& map, std::string_view key, std::vector<std::string>& into);

// Which of `words` the value is, by its index; nothing, and a message if there is a value, otherwise.
std::optional<std::size_t> choose(const YamlMap& map, std::string_view key, const std::vector<std::string_view>& words);

template <typename Choice>
void read_choice(const YamlMap& map, std::string_view key,
                 const std::vector<std::pair<std::string_view, Choice>>& choices, Choice& into) {
  std::vector<std::string_view> words;
  words.reserve(choices.size());
  for (const auto& [word, choice] : choices) {
    words.push_back(word);
  }
  if (const auto index = choose(map, key, words)) {
    into = choices[*index].second;
  }
}

}  // namespace renewd::configuration
