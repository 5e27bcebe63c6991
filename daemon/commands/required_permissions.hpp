// What the service must be allowed to do, as the configuration and the files of this host say.
#pragma once

#include <string>
#include <vector>

#include "commands/permission_files.hpp"
#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"

namespace renewd::commands {

// The daemon runs as the owner of the keystores that it replaces, or as gravitee without any. Fails when that is not
// one user, or a keystore cannot be looked at; the kind is `disk`.
Result<Permissions> required_permissions(const configuration::Settings& settings, const Filesystem& filesystem);

// What the user still cannot do with the files that the configuration names, a sentence each: read a secret, write
// beside a keystore. Only root can find out; to others it is empty.
std::vector<std::string> missing_access(const configuration::Settings& settings,
                                        const std::filesystem::path& configuration, const Permissions& permissions);

}  // namespace renewd::commands
