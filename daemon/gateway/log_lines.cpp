#include "gateway/log_lines.hpp"

#include <algorithm>
#include <iterator>

namespace renewd::gateway {

void LogLines::add(std::string_view bytes, const LineSink& sink) {
  while (!bytes.empty()) {
    const auto line_break = bytes.find('\n');
    append(bytes.substr(0, line_break));
    if (line_break == std::string_view::npos) {
      return;
    }
    finish(sink);
    bytes.remove_prefix(line_break + 1);
  }
}

void LogLines::finish(const LineSink& sink) {
  if (partial_.ends_with('\r')) {
    partial_.pop_back();
  }
  if (!partial_.empty()) {
    sink(partial_);
  }
  reset();
}

void LogLines::reset() {
  partial_.clear();
  skipping_ = false;
}

void LogLines::skip_rest_of_line() {
  skipping_ = true;
}

// Without zero bytes: a program that keeps its offset in a truncated file leaves a hole of them.
void LogLines::append(std::string_view part) {
  if (skipping_ || partial_.size() >= kLogLineLimit) {
    return;
  }
  std::remove_copy(part.begin(), part.end(), std::back_inserter(partial_), '\0');
  partial_.resize(std::min(partial_.size(), kLogLineLimit));
}

}  // namespace renewd::gateway
