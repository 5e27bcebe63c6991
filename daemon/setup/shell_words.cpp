#include "setup/shell_words.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kFieldSeparators = " \t\n";

bool is_in_name(char c) {
  return is_alphanumeric_or(c, "_");
}

// Consumes the name of a variable, with its braces, at the front of `text`; nothing for any other expansion.
std::optional<std::string> take_variable(std::string_view& text) {
  const bool braces = text.starts_with('{');
  const std::string_view begin = text.substr(braces ? 1 : 0);
  const auto size = static_cast<std::size_t>(std::find_if_not(begin.begin(), begin.end(), is_in_name) - begin.begin());
  if (size == 0 || (braces && begin.substr(size, 1) != "}")) {
    return std::nullopt;
  }
  text = begin.substr(size + (braces ? 1 : 0));
  return std::string(begin.substr(0, size));
}

class Shell {
 public:
  Shell(std::string_view text, const Environment& environment) : rest_(text), environment_(environment) {}

  std::vector<std::string> words() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (quote_ == '\'' && c != '\'') {
        add(c);
      } else if (c == '$') {
        expand();
      } else if (c == '\\' && !rest_.empty()) {
        escape();
      } else if (c == quote_) {
        quote_ = '\0';
      } else if (quote_ == '\0' && (c == '"' || c == '\'')) {
        quote_ = c;
        in_word_ = true;
      } else if (quote_ == '\0' && kFieldSeparators.find(c) != std::string_view::npos) {
        end_word();
      } else {
        add(c);
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }

  void end_word() {
    if (in_word_) {
      words_.push_back(std::exchange(word_, {}));
    }
    in_word_ = false;
  }

  // In double quotes, a backslash escapes only these characters (POSIX, 2.2.3).
  void escape() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (quote_ == '"' && std::string_view("\"\\$`\n").find(c) == std::string_view::npos) {
      add('\\');
    }
    if (c != '\n') {
      add(c);
    }
  }

  void expand() {
    const auto name = take_variable(rest_);
    if (!name) {
      add('$');
      return;
    }
    const auto found = environment_.find(*name);
    for (const char c : found == environment_.end() ? std::string_view() : std::string_view(found->second)) {
      if (quote_ == '\0' && kFieldSeparators.find(c) != std::string_view::npos) {
        end_word();
      } else {
        add(c);
      }
    }
  }

  std::string_view rest_;
  const Environment& environment_;
  char quote_ = '\0';
  bool in_word_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> shell_words(std::string_view text, const Environment& environment) {
  return Shell(text, environment).words();
}

std::vector<std::string> split_at_space(std::string_view text) {
  return shell_words("$text", {{"text", std::string(text)}});
}

}  // namespace renewd::setup
