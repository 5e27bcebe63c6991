// A regular expression from the configuration (RE2). Searching takes linear time for every expression: see
// docs/decisions/0008-re2.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace re2 {
class RE2;
}

namespace renewd {

class Pattern {
 public:
  // The error is RE2's message, one line.
  static tl::expected<Pattern, std::string> compile(std::string_view text);

  // `line` may contain any bytes.
  bool found_in(std::string_view line) const;
  const std::string& text() const;

  bool operator==(const Pattern& other) const { return text() == other.text(); }

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> expression) : expression_(std::move(expression)) {}

  std::shared_ptr<const re2::RE2> expression_;  // never null; copies share it
};

}  // namespace renewd
