#include "setup/environment_file.hpp"

#include <optional>

namespace renewd::setup {
namespace {

constexpr std::string_view kBlank = " \t\n\r";

bool is_any_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
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
    while (!done() && is_any_of(rest_.front(), kBlank)) {
      rest_.remove_prefix(1);
    }
    if (!done() && is_any_of(rest_.front(), "#;")) {
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
      } else if (is_any_of(c, "\n\r")) {
        return;
      }
    }
  }

  // Quoted pieces one after the other, and then perhaps an unquoted one, in which quotes are nothing special.
  std::string read_value() {
    std::string value;
    while (!done()) {
      const char c = take();
      if (is_any_of(c, "\n\r")) {
        break;
      }
      if (c == '\'') {
        read_single_quoted(value);
      } else if (c == '"') {
        read_double_quoted(value);
      } else if (!is_any_of(c, kBlank)) {
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
      if (is_any_of(escaped, "\"\\`$")) {
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
        if (!is_any_of(c, "\n\r")) {
          value += c;
        }
        kept = value.size();
      } else if (is_any_of(c, "\n\r")) {
        break;
      } else {
        value += c;
        kept = is_any_of(c, kBlank) ? kept : value.size();
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
