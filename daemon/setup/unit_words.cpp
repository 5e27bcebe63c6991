#include "setup/unit_words.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kSpace = " \t\n\r";

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// Consumes exactly `count` digits of a numeric escape at the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t count, int base) {
  std::uint32_t value = 0;
  const std::string_view digits = text.substr(0, count);
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || digits.size() != count || stop != digits.data() + digits.size() || value == 0) {
    return std::nullopt;
  }
  text.remove_prefix(count);
  return value;
}

// Consumes the rest of an escape, after the backslash, at the front of `text`.
bool take_escape(std::string_view& text, std::string& out) {
  if (text.empty()) {
    return false;
  }
  const char c = text.front();
  constexpr std::string_view kNames = "abfnrtvs\\\"'";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v \\\"'";
  if (const auto at = kNames.find(c); at != std::string_view::npos) {
    text.remove_prefix(1);
    out += kMeanings[at];
    return true;
  }
  const bool octal = c >= '0' && c <= '7';
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : octal ? 3 : 0;
  if (digits == 0) {
    return false;
  }
  text.remove_prefix(octal ? 0 : 1);
  const auto value = take_number(text, digits, octal ? 8 : 16);
  const bool is_byte = c == 'x' || octal;
  if (!value || *value > (is_byte ? 0xFFU : 0x10FFFFU)) {
    return false;
  }
  if (is_byte) {
    out += static_cast<char>(static_cast<unsigned char>(*value));
  } else {
    append_utf8(out, *value);
  }
  return true;
}

// Consumes the word at the front of `text`.
bool take_word(std::string_view& text, std::string& word) {
  char quote = '\0';
  while (!text.empty()) {
    const char c = text.front();
    if (quote == '\0' && is_one_of(c, kSpace)) {
      return true;
    }
    text.remove_prefix(1);
    if (c == '\\') {
      if (!take_escape(text, word)) {
        return false;
      }
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else {
      word += c;
    }
  }
  return quote == '\0';
}

// systemd-escape --unescape: "-" for "/", and \xNN.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\' || !take_escape(text, out)) {
      out += c == '-' ? '/' : c;
    }
  }
  return out;
}

// systemd.unit(5), "Specifiers": those that do not depend on the host, for the system manager.
std::map<char, std::string> specifiers_of(std::string_view unit) {
  const std::string_view name = unit.substr(0, unit.rfind('.'));
  const std::string_view prefix = name.substr(0, name.find('@'));
  const std::string_view instance = name.substr(std::min(prefix.size() + 1, name.size()));
  const std::string_view last = prefix.substr(prefix.rfind('-') + 1);
  const auto file = "/" + unescaped(instance.empty() ? prefix : instance);
  const auto text = [](std::string_view view) { return std::string(view); };
  return {{'n', text(unit)}, {'N', text(name)},      {'p', text(prefix)},   {'P', unescaped(prefix)},
          {'j', text(last)}, {'J', unescaped(last)}, {'i', text(instance)}, {'I', unescaped(instance)},
          {'f', file},       {'C', "/var/cache"},    {'E', "/etc"},         {'L', "/var/log"},
          {'T', "/tmp"},     {'V', "/var/tmp"},      {'S', "/var/lib"},     {'t', "/run"},
          {'%', "%"}};
}

// Expands ${NAME} and $$ in a word; any other "$" is literal.
std::string with_variables(std::string_view word, const Environment& environment) {
  std::string out;
  while (!word.empty()) {
    const auto end = word.starts_with("${") ? word.find('}') : std::string_view::npos;
    if (end != std::string_view::npos) {
      out += value_of(environment, std::string(word.substr(2, end - 2)));
      word.remove_prefix(end + 1);
      continue;
    }
    out += word.front();
    word.remove_prefix(word.starts_with("$$") ? 2 : 1);
  }
  return out;
}

}  // namespace

std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string joined;
  bool continued = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('#') || line.starts_with(';')) {
      continue;
    }
    joined += (continued ? " " : "") + std::string(line);
    continued = line.ends_with('\\');
    if (continued) {
      joined.pop_back();
    } else if (!joined.empty()) {
      lines.push_back(std::exchange(joined, {}));
    }
  }
  if (!joined.empty()) {
    lines.push_back(joined);
  }
  return lines;
}

std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const auto begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
      return words;
    }
    text.remove_prefix(begin);
    std::string word;
    if (!take_word(text, word)) {
      return std::nullopt;
    }
    words.push_back(std::move(word));
  }
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::optional<std::string> expand_specifiers(std::string_view text, std::string_view unit) {
  const auto specifiers = specifiers_of(unit);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const auto meaning = specifiers.find(text[++i]);
    if (meaning == specifiers.end()) {
      return std::nullopt;
    }
    out += meaning->second;
  }
  return out;
}

std::vector<std::string> expand_variables(const std::vector<std::string>& words, const Environment& environment) {
  std::vector<std::string> expanded;
  for (const std::string& word : words) {
    const bool whole = word.starts_with('$') && word.size() > 1 && word[1] != '{' && word[1] != '$';
    if (!whole) {
      expanded.push_back(with_variables(word, environment));
      continue;
    }
    for (auto& piece : split_words(value_of(environment, word.substr(1))).value_or(std::vector<std::string>())) {
      expanded.push_back(std::move(piece));
    }
  }
  return expanded;
}

}  // namespace renewd::setup
