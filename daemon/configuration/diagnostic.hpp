// What is wrong with the configuration file, with its place. Errors are collected rather than returned one by one, so
// that an operator sees all of them at once.
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace renewd::configuration {

struct Place {
  int line = 0;    // from 1; 0 when there is no place in the file
  int column = 0;  // from 1, in bytes
};

// A file with an error cannot be used. A warning is about what only this host can tell, a note about what even this
// host could not.
enum class Severity { error, warning, note };

struct Diagnostic {
  int line = 0;    // from 1; 0 when the error has no place in the file
  int column = 0;  // from 1
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
  // More errors than a person reads are left out, so that a file full of them costs neither time nor a log.
  static constexpr std::size_t kLimit = 100;

  // `public_file`: whether everybody on the host may read the file, which then must hold no secret.
  explicit DiagnosticSink(bool public_file = false) : public_file_(public_file) {}
  bool public_file() const { return public_file_; }

  void error(Place place, std::string message);
  bool empty() const { return diagnostics_.empty(); }
  // Whether further errors are left out: a long loop may end here.
  bool full() const { return diagnostics_.size() >= kLimit; }
  // What was collected, sorted by place. What a file says twice through an alias is told once.
  Diagnostics take();

 private:
  bool public_file_;
  Diagnostics diagnostics_;
};

}  // namespace renewd::configuration
