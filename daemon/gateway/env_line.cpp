#include "gateway/env_line.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace renewd::gateway {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kBlanks = " \t";
// With a meaning of their own in what -S splits.
constexpr std::string_view kSpecial = "\\'\"$#";

constexpr std::array<std::string_view, 7> kFlags{"--ignore-environment",   "--null",         "--debug",
                                                 "--list-signal-handling", "--block-signal", "--default-signal",
                                                 "--ignore-signal"};
constexpr std::array<std::string_view, 3> kWithValue{"--unset", "--chdir", "--argv0"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What -S is to split: env(1) takes it from the same word, behind flags. Nothing without it.
std::optional<std::string_view> to_split(std::string_view argument) {
  constexpr std::string_view kLong = "--split-string=";
  if (argument.starts_with(kLong)) {
    return argument.substr(kLong.size());
  }
  const std::size_t at = argument.find('S');
  const bool behind_flags = at != std::string_view::npos && argument.starts_with('-') &&
                            argument.substr(1, at - 1).find_first_not_of("i0v") == std::string_view::npos;
  return behind_flags ? std::optional(argument.substr(at + 1)) : std::nullopt;
}

// How the options before the program read: where they end, and whether the program is looked for as from here.
class EnvOptions {
 public:
  explicit EnvOptions(const Words& words) : words_(words) {}

  // False for what cannot be told.
  bool read() {
    while (at_ < words_.size() && words_[at_].size() > 1 && words_[at_].starts_with('-')) {
      const std::string& word = words_[at_++];
      if (word == "--") {
        break;
      }
      if (!(word.starts_with("--") ? read_long(word) : read_short(word))) {
        return false;
      }
    }
    if (at_ < words_.size() && words_[at_] == "-") {
      ++at_;
      same_path_ = false;
    }
    for (; at_ < words_.size() && words_[at_].find('=') != std::string::npos; ++at_) {
      same_path_ = same_path_ && !words_[at_].starts_with("PATH=");
    }
    return true;
  }

  std::optional<std::string> program() const {
    const bool known = at_ < words_.size() && (same_path_ || words_[at_].starts_with('/'));
    return known ? std::optional(words_[at_]) : std::nullopt;
  }

 private:
  bool read_long(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (contains(kFlags, name)) {
      same_path_ = same_path_ && name != "--ignore-environment";
      return true;
    }
    const std::string value = equals == std::string_view::npos ? next() : std::string(word.substr(equals + 1));
    same_path_ = same_path_ && name != "--chdir" && value != "PATH";
    return contains(kWithValue, name);
  }

  bool read_short(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char option = word[i];
      if (option == 'u' || option == 'C' || option == 'a') {
        const std::string value = i + 1 < word.size() ? std::string(word.substr(i + 1)) : next();
        same_path_ = same_path_ && option != 'C' && value != "PATH";
        return true;
      }
      if (option != 'i' && option != '0' && option != 'v') {
        return false;
      }
      same_path_ = same_path_ && option != 'i';
    }
    return true;
  }

  std::string next() { return at_ < words_.size() ? words_[at_++] : ""; }

  const Words& words_;
  std::size_t at_ = 0;
  bool same_path_ = true;
};

}  // namespace

std::optional<std::string> program_of_env(std::string_view argument) {
  argument.remove_prefix(std::min(argument.find_first_not_of(kBlanks), argument.size()));
  argument = argument.substr(0, argument.find_last_not_of(kBlanks) + 1);
  if (!argument.starts_with('-')) {
    const bool is_program = !argument.empty() && argument.find('=') == std::string_view::npos;
    return is_program ? std::optional(std::string(argument)) : std::nullopt;
  }
  const auto split = to_split(argument);
  if (!split || split->find_first_of(kSpecial) != std::string_view::npos) {
    return std::nullopt;
  }
  Words words;
  if (argument.substr(0, argument.find('S')).find('i') != std::string_view::npos && !argument.starts_with("--")) {
    words.emplace_back("-i");  // -iS
  }
  std::istringstream rest{std::string(*split)};
  for (std::string word; rest >> word;) {
    words.push_back(std::move(word));
  }
  EnvOptions options(words);
  return options.read() ? options.program() : std::nullopt;
}

}  // namespace renewd::gateway
