// A regular expression of the operator's (RE2's syntax). Searching a line takes time in proportion to its length,
// whatever the expression: see docs/decisions/0008-re2.md.
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
  // The error is the library's reason, one line.
  static tl::expected<Pattern, std::string> compile(std::string_view text);

  // Anywhere in `line`, which may hold any bytes.
  bool found_in(std::string_view line) const;
  // As it was written.
  const std::string& text() const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> expression) : expression_(std::move(expression)) {}

  std::shared_ptr<const re2::RE2> expression_;  // never null; copies share it
};

}  // namespace renewd
