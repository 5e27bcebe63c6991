// Loads the configuration for a command, and makes the objects that one certificate needs.
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/loader.hpp"
#include "configuration/settings.hpp"

namespace renewd::commands {

// If the file has errors, returns nothing and writes each to a line of `errors`.
std::optional<configuration::Settings> load_configuration(const std::filesystem::path& file, std::ostream& errors);
std::optional<configuration::LocatedSettings> load_located(const std::filesystem::path& file, std::ostream& errors);

// The certificates with these names, or all without names. Reports unknown names on `errors` and returns nothing.
std::optional<std::vector<configuration::CertificateSettings>> select_certificates(
    const configuration::Settings& settings, std::string_view command, const std::vector<std::string>& names,
    std::ostream& errors);

// become_service_user(); reports a failure on `errors` and returns false.
bool begin_work(std::string_view command, configuration::Settings& settings, const std::filesystem::path& file,
                std::ostream& errors);

// Prints one line of a command's result and flushes it. On a terminal, no word is broken at the end of a line.
void say(std::ostream& out, std::string_view certificate, std::string_view text);

}  // namespace renewd::commands
