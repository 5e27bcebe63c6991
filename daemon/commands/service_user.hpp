// Who works. The keystore and the state are in directories of the service's user, who may be the user of a gateway that
// was broken into: what root runs by hand there works as the service does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

inline constexpr auto kServiceUnit = "gravitee-renewd.service";
// The file that the service reads, unless its unit says otherwise.
inline constexpr auto kServiceConfiguration = "/etc/gravitee-renewd/config.yaml";

struct Service {
  User user;                            // with the groups of the unit
  std::filesystem::path configuration;  // the file that its command reads
};

// The installed service, as unit files and drop-ins below `root` say: files that root alone can write, and never the
// owner of something that was found on the way. Nothing when there is no unit, or it runs as root. Error, of kind disk:
// a user that this host does not have.
Result<std::optional<Service>> find_service(const std::filesystem::path& root = "/");

// Whether the installed service reads this file.
bool is_configuration_of_service(const std::filesystem::path& configuration);

// Called once, between loading the configuration and touching a keystore or the state. Root becomes the service's user
// for good, after what needs root: credentials are read into `settings`, the system bus is connected to, and a state
// directory that does not exist yet is made. Without a unit, and for anybody else, the caller stays who he is. Error,
// of kind disk: the state directory is another user's, or can be written by others; or root could not be given up.
// Nothing may be done then.
Result<void> work_as_service(configuration::Settings& settings, const std::filesystem::path& configuration);

}  // namespace renewd::commands
