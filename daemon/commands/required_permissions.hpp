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

// The permissions for a service that runs as `user`. Reads the units' own names from the files below `root`, because
// polkit knows no aliases. Fails with kind `disk` when the user is root, when a keystore is unreadable or must not be
// transferred, or when a unit file cannot contain the path of a directory.
Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem,
                                         const User& user, const std::filesystem::path& root = "/");

}  // namespace renewd::commands
