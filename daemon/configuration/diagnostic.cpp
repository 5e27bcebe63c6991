#include "configuration/diagnostic.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace renewd::configuration {

std::string Diagnostic::text(const std::filesystem::path& file) const {
  return line == 0 ? fmt::format("{}: error: {}", file.string(), message)
                   : fmt::format("{}:{}:{}: error: {}", file.string(), line, column, message);
}

void DiagnosticSink::error(Place place, std::string message) {
  if (!full()) {
    diagnostics_.push_back({place.line, place.column, std::move(message)});
  }
}

Diagnostics DiagnosticSink::take() {
  const bool more = full();
  std::sort(diagnostics_.begin(), diagnostics_.end());
  diagnostics_.erase(std::unique(diagnostics_.begin(), diagnostics_.end()), diagnostics_.end());
  if (more) {
    const Diagnostic last = diagnostics_.back();
    diagnostics_.push_back({last.line, last.column, "too many errors; there may be more"});
  }
  return std::exchange(diagnostics_, {});
}

}  // namespace renewd::configuration
