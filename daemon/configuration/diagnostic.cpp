#include "configuration/diagnostic.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::configuration {

namespace {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "unknown";
}

}  // namespace

std::string Diagnostic::text(const std::filesystem::path& file) const {
  const std::string place = line == 0 ? "" : fmt::format(":{}:{}", line, column);
  return escaped(fmt::format("{}{}: {}: {}", file.string(), place, to_string(severity), message));
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
    diagnostics_.push_back({last.line, last.column, "too many errors; fix these first, there may be more"});
  }
  return std::exchange(diagnostics_, {});
}

}  // namespace renewd::configuration
