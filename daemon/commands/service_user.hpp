// The user that commands run as. The service's user owns the state, and possibly the keystore's directory, and may be
// compromised: a command that root runs there becomes that user first.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/user.hpp"
#include "setup/unit_files.hpp"

namespace renewd::commands {

inline constexpr auto kServiceUnit = "gravitee-renewd.service";
// The service's configuration, unless its unit names another file.
inline constexpr auto kServiceConfiguration = "/etc/gravitee-renewd/config.yaml";

struct Service {
  User user;                            // with the groups of the unit
  std::filesystem::path configuration;  // the file that its command reads
};

// The installed service, from the unit files and drop-ins below `root`, which only root can write. Nothing when there
// is no unit, or when it runs as root. Error, of kind disk: its user does not exist on this host.
Result<std::optional<Service>> find_service(const std::filesystem::path& root = "/");

// The user that the processes of a unit run as, with their groups. Error, of kind disk: there is no such user.
Result<User> user_of(const setup::ServiceUnit& unit);

// Why the installed service cannot work: it runs as root, without root's capabilities. Empty if it has another user, or
// if there is no unit.
std::string why_not_root(const std::filesystem::path& root = "/");

// Whether the installed service reads this file.
bool is_configuration_of_service(const std::filesystem::path& configuration);

// Called once, after loading the configuration and before touching a keystore or the state. Root permanently becomes
// the service's user, after the steps that need root: reading credentials into `settings`, connecting to the system
// bus, creating a missing state directory. Without a unit, and for other users, the user does not change. Error, of
// kind disk: the state directory belongs to another user or is writable by others, or changing the user failed. The
// caller must then stop.
Result<void> become_service_user(configuration::Settings& settings, const std::filesystem::path& configuration);

}  // namespace renewd::commands
