// Which files the service and the gateway cannot access, with the command that corrects it. Empty unless called by
// root, who alone can check this.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/permission_files.hpp"
#include "configuration/settings.hpp"

namespace renewd::commands {

// For the service: unreadable secrets, read-only directories of keystores.
std::vector<std::string> missing_access(const configuration::Settings& settings,
                                        const std::filesystem::path& configuration, const Permissions& permissions);
// Keystores that the user of the gateway's unit cannot read.
std::vector<std::string> unreadable_for_gateway(const Permissions& permissions);

}  // namespace renewd::commands
