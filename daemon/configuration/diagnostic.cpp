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
  const std::string position = place.line == 0 ? "" : fmt::format(":{}:{}", place.line, place.column);
  return escaped(fmt::format("{}{}: {}: {}", file.string(), position, to_string(severity), message));
}

void DiagnosticSink::error(Place place, std::string message) {
  if (!full()) {
    diagnostics_.push_back({place, std::move(message)});
  }
}

Diagnostics DiagnosticSink::take() {
  const bool more = full();
  std::ranges::sort(diagnostics_);
  diagnostics_.erase(std::unique(diagnostics_.begin(), diagnostics_.end()), diagnostics_.end());
  if (more) {
    diagnostics_.push_back({Place(diagnostics_.back().place), "too many errors; fix these first, there may be more"});
  }
  return std::exchange(diagnostics_, {});
}

}  // namespace renewd::configuration
