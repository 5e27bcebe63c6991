#include "setup/unit_words.hpp"

#include <charconv>
#include <cstdint>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kSpace = " \t\n\r";

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// Takes the digits of a numeric escape from the front of `text`: exactly `count` of them.
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

// Takes what follows a backslash from the front of `text`.
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

// Takes one word from the front of `text`, which begins with it.
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

std::string_view trimmed_end(std::string_view text, std::string_view set) {
  const auto last = text.find_last_not_of(set);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The state machine of systemd's env-file.c, one variable at a time.
class EnvironmentFile {
 public:
  explicit EnvironmentFile(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  // The next variable; nothing for a comment, an empty line and what is no assignment.
  std::optional<std::pair<std::string, std::string>> next() {
    while (!done() && is_one_of(rest_.front(), kSpace)) {
      rest_.remove_prefix(1);
    }
    if (!done() && is_one_of(rest_.front(), "#;")) {
      skip_comment();
      return std::nullopt;
    }
    std::string_view line = rest_.substr(0, rest_.find_first_of("\n\r"));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) {
      rest_.remove_prefix(line.size());
      return std::nullopt;
    }
    const std::string key(trimmed_end(line.substr(0, equals), " \t"));
    rest_.remove_prefix(equals + 1);
    std::string value = read_value();
    if (key.empty() || key.find_first_of(" \t") != std::string::npos) {
      return std::nullopt;  // "export NAME=value" is a shell's
    }
    return std::pair(key, std::move(value));
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // A backslash at its end carries a comment on.
  void skip_comment() {
    while (!done()) {
      const char c = take();
      if (c == '\\' && !done()) {
        take();
      } else if (is_one_of(c, "\n\r")) {
        return;
      }
    }
  }

  // Quoted pieces one after the other, and then perhaps an unquoted one, in which quotes are nothing special.
  std::string read_value() {
    std::string value;
    while (!done()) {
      const char c = take();
      if (is_one_of(c, "\n\r")) {
        break;
      }
      if (c == '\'') {
        read_single_quoted(value);
      } else if (c == '"') {
        read_double_quoted(value);
      } else if (!is_one_of(c, kSpace)) {
        read_unquoted(c, value);
        break;
      }
    }
    return value;
  }

  void read_single_quoted(std::string& value) {
    while (!done()) {
      const char c = take();
      if (c == '\'') {
        return;
      }
      value += c;
    }
  }

  void read_double_quoted(std::string& value) {
    while (!done()) {
      const char c = take();
      if (c == '"') {
        return;
      }
      if (c != '\\' || done()) {
        value += c;
        continue;
      }
      const char escaped = take();
      if (is_one_of(escaped, "\"\\`$")) {
        value += escaped;
      } else if (escaped != '\n') {
        value += '\\';
        value += escaped;
      }
    }
  }

  // Spaces at its end do not count, unless escaped.
  void read_unquoted(char first, std::string& value) {
    std::size_t kept = value.size();
    char c = first;
    while (true) {
      if (c == '\\') {
        if (done()) {
          break;
        }
        c = take();
        if (!is_one_of(c, "\n\r")) {
          value += c;
        }
        kept = value.size();
      } else if (is_one_of(c, "\n\r")) {
        break;
      } else {
        value += c;
        kept = is_one_of(c, kSpace) ? kept : value.size();
      }
      if (done()) {
        break;
      }
      c = take();
    }
    value.resize(kept);
  }

  std::string_view rest_;
};

}  // namespace

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

std::optional<std::string> expand_specifiers(std::string_view text, std::string_view unit) {
  const std::string_view name = unit.substr(0, unit.rfind('.'));
  const auto at = name.find('@');
  const std::string_view instance = at == std::string_view::npos ? std::string_view() : name.substr(at + 1);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case '%':
        out += '%';
        break;
      case 'n':
        out += unit;
        break;
      case 'N':
        out += name;
        break;
      case 'p':
        out += name.substr(0, at);
        break;
      case 'i':
      case 'I':
        out += instance;
        break;
      default:
        return std::nullopt;
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_environment_file(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> variables;
  EnvironmentFile file(text);
  while (!file.done()) {
    if (auto variable = file.next()) {
      variables.push_back(std::move(*variable));
    }
  }
  return variables;
}

}  // namespace renewd::setup
