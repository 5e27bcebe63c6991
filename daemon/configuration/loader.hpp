// Turns YAML into settings, strictly. Reports every error of a file at once, each with its place and what to write
// instead.
#pragma once

#include <filesystem>
#include <string_view>

#include <tl/expected.hpp>

#include "configuration/diagnostic.hpp"
#include "configuration/places.hpp"
#include "configuration/settings.hpp"

namespace renewd::configuration {

tl::expected<Settings, Diagnostics> parse(std::string_view yaml);

// Reads and parses a file of at most 8 MiB. A secret in it (`value`) is an error when every user can read the file.
// `state_directory` defaults to $STATE_DIRECTORY (systemd.exec(5)).
tl::expected<Settings, Diagnostics> load(const std::filesystem::path& file);

struct LocatedSettings {
  Settings settings;
  Places places;
};
// The same, with the places that further findings are about.
tl::expected<LocatedSettings, Diagnostics> load_located(const std::filesystem::path& file);

}  // namespace renewd::configuration
