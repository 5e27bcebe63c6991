// Errors, warnings and notes about the configuration file, with their places. They are collected, so that an operator
// sees all of them at once.
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace renewd::configuration {

struct Place {
  int line = 0;    // from 1; 0 for the file as a whole
  int column = 0;  // from 1, in bytes

  auto operator<=>(const Place&) const = default;
};

// A file with an error cannot be used. A warning reports a problem on this host; a note, what could not be checked.
enum class Severity { error, warning, note };

struct Diagnostic {
  Place place;
  std::string message;
  Severity severity = Severity::error;

  // "FILE:LINE:COLUMN: error: …", or "FILE: error: …" without a place.
  std::string text(const std::filesystem::path& file) const;

  // By place.
  auto operator<=>(const Diagnostic&) const = default;
};

// Sorted by place, never empty.
using Diagnostics = std::vector<Diagnostic>;

class DiagnosticSink {
 public:
  // Further errors are dropped: nobody reads them, and a file full of errors must not fill the log.
  static constexpr std::size_t kLimit = 100;

  // `world_readable`: whether every user of the host can read the file, which then must not contain a secret.
  explicit DiagnosticSink(bool world_readable = false) : world_readable_(world_readable) {}
  bool is_world_readable() const { return world_readable_; }

  void error(Place place, std::string message);
  bool empty() const { return diagnostics_.empty(); }
  // Whether further errors are dropped: a long loop may stop.
  bool full() const { return diagnostics_.size() >= kLimit; }
  // All of them, sorted by place; an error behind an alias appears once.
  Diagnostics take();

 private:
  bool world_readable_;
  Diagnostics diagnostics_;
};

}  // namespace renewd::configuration
