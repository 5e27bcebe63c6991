#include "core/pattern.hpp"

#include <re2/re2.h>

#include "core/text.hpp"

namespace renewd {

tl::expected<Pattern, std::string> Pattern::compile(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);  // to standard error
  options.set_never_capture(true);
  auto expression = std::make_shared<const RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!expression->ok()) {
    return tl::unexpected(printable(expression->error()));
  }
  return Pattern(std::move(expression));
}

bool Pattern::found_in(std::string_view line) const {
  return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *expression_);
}

const std::string& Pattern::text() const {
  return expression_->pattern();
}

}  // namespace renewd
