#include "setup/environment_file.hpp"

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr std::string_view kBlank = " \t\n\r";
constexpr std::string_view kLineEnd = "\n\r";

bool is_any_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// Consumes one value or comment after the other, with the states of systemd's env-file.c.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char front() const { return rest_.front(); }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  // Up to one of `ends`, which is not consumed, or to the end of the text.
  std::string_view take_until(std::string_view ends) {
    const auto taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // A backslash at the end of a line continues the comment.
  void skip_comment() {
    while (!done()) {
      const char c = take();
      if (is_any_of(c, kLineEnd)) {
        return;
      }
      if (c == '\\' && !done()) {
        take();
      }
    }
  }

  // Any number of quoted pieces, then optionally an unquoted one, in which quotes are literal.
  std::string value() {
    std::string value;
    while (!done()) {
      const char c = take();
      if (is_any_of(c, kLineEnd)) {
        break;
      }
      if (c == '\'') {
        value += take_until("'");
        rest_.remove_prefix(done() ? 0 : 1);
      } else if (c == '"') {
        double_quoted(value);
      } else if (!is_any_of(c, kBlank)) {
        unquoted(c, value);
        break;
      }
    }
    return value;
  }

 private:
  void double_quoted(std::string& value) {
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
      if (!is_any_of(escaped, "\"\\`$\n")) {
        value += '\\';
      }
      value += escaped == '\n' ? "" : std::string(1, escaped);
    }
  }

  // Drops unescaped spaces at the end.
  void unquoted(char c, std::string& value) {
    std::size_t kept = value.size();
    while (!is_any_of(c, kLineEnd)) {
      const bool is_escape = c == '\\';
      if (is_escape && done()) {
        break;
      }
      c = is_escape ? take() : c;
      value += is_escape && is_any_of(c, kLineEnd) ? "" : std::string(1, c);
      kept = is_escape || !is_any_of(c, kBlank) ? value.size() : kept;
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
  Reader reader(text);
  while (!reader.done()) {
    if (is_any_of(reader.front(), kBlank)) {
      reader.take();
    } else if (is_any_of(reader.front(), "#;")) {
      reader.skip_comment();
    } else {
      const std::string_view line = reader.take_until("=\n\r");
      if (reader.done() || reader.front() != '=') {
        continue;  // not an assignment
      }
      reader.take();
      std::string value = reader.value();
      const std::string_view name = trimmed(line, " \t");
      if (!name.empty() &&
          name.find_first_of(" \t") == std::string_view::npos) {  // "export NAME=value" is shell syntax
        variables.emplace_back(name, std::move(value));
      }
    }
  }
  return variables;
}

}  // namespace renewd::setup
