// What the service must be allowed to do, as the configuration and the files of this host say.
#pragma once

#include <string>
#include <vector>

#include "commands/permission_files.hpp"
#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "core/user.hpp"

namespace renewd::commands {

// What the daemon needs to run as `user`; units by their own names, which their files below `root` tell: polkit knows
// no alias. Fails when that is root, a keystore cannot be looked at or is not the gateway's to give away, or a unit
// file could not name a directory; the kind is `disk`.
Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem,
                                         const User& user, const std::filesystem::path& root = "/");

// What the user still cannot do with the files that the configuration names, a sentence each: read a secret, write
// beside a keystore. Only root can find out; to others it is empty.
std::vector<std::string> missing_access(const configuration::Settings& settings,
                                        const std::filesystem::path& configuration, const Permissions& permissions);

}  // namespace renewd::commands
