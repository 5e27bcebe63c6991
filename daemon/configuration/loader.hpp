// YAML to settings, strictly: every error of a file at once, each with its place and what to write instead.
#pragma once

#include <filesystem>
#include <string_view>

#include <tl/expected.hpp>

#include "configuration/diagnostic.hpp"
#include "configuration/places.hpp"
#include "configuration/settings.hpp"

namespace renewd::configuration {

tl::expected<Settings, Diagnostics> parse(std::string_view yaml);

// Reads and parses a file of at most 1 MiB. A secret that stands in it (`value`) is an error when everybody may read
// it. `state_directory` defaults to $STATE_DIRECTORY (systemd.exec(5)) when the file does not set it.
tl::expected<Settings, Diagnostics> load(const std::filesystem::path& file);

struct LocatedSettings {
  Settings settings;
  Places places;
};
// The same, for whoever has more to say about what is in the file.
tl::expected<LocatedSettings, Diagnostics> load_located(const std::filesystem::path& file);

}  // namespace renewd::configuration
