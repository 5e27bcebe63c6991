// YAML to settings, strictly: every error of a file at once, each with its place and what to write instead.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "configuration/settings.hpp"

namespace renewd::configuration {

struct Diagnostic {
  int line = 0;    // from 1; 0 when the error has no place in the file
  int column = 0;  // from 1
  std::string message;

  // "FILE:LINE:COLUMN: error: …", or "FILE: error: …" without a place.
  std::string text(const std::filesystem::path& file) const;
};

// Sorted by place, never empty.
using Diagnostics = std::vector<Diagnostic>;

tl::expected<Settings, Diagnostics> parse(std::string_view yaml);

// Reads and parses a file of at most 1 MiB. `state_directory` defaults to $STATE_DIRECTORY (systemd.exec(5)) when the
// file does not set it.
tl::expected<Settings, Diagnostics> load(const std::filesystem::path& file);

}  // namespace renewd::configuration
