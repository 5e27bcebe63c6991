// The permissions that the service needs, from the configuration and the files of this host.
#pragma once

#include <string>
#include <vector>

#include "commands/permission_files.hpp"
#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// What the daemon needs to run as `user`. Resolves aliases of units, which polkit does not know, below `root`. Error
// (disk): the user is root, a keystore's owner cannot be changed, or a unit file cannot name a directory.
Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem,
                                         const User& user, const std::filesystem::path& root = "/");

// The files of the configuration that the user still cannot read or write, a sentence each. Empty unless called by
// root, who alone can find out.
std::vector<std::string> missing_access(const configuration::Settings& settings,
                                        const std::filesystem::path& configuration, const Permissions& permissions);

}  // namespace renewd::commands
