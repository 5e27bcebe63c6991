// Commands that root runs work as the service's user: the keystore and the state are in that user's directories, and an
// attacker in the gateway may have prepared them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "configuration/settings.hpp"
#include "core/error.hpp"
#include "core/user.hpp"

namespace renewd::commands {

inline constexpr auto kServiceUnit = "gravitee-renewd.service";
// Unless the unit's command names another file.
inline constexpr auto kServiceConfiguration = "/etc/gravitee-renewd/config.yaml";

struct Service {
  User user;                            // with the groups from the unit
  std::filesystem::path configuration;  // the file that its command reads
};

// The installed service, from the unit files and drop-ins below `root`, which only root can write. Nothing if there is
// no unit or it runs as root. Error (disk): its user does not exist.
Result<std::optional<Service>> find_service(const std::filesystem::path& root = "/");

// Whether the installed service uses this configuration.
bool is_configuration_of_service(const std::filesystem::path& configuration);

// Called once, after loading the configuration and before touching a keystore or the state. First does what needs root:
// reads credentials into `settings`, connects to the system bus, creates a missing state directory. Then root becomes
// the service's user for good. Without a unit, and for any other user, only checks the state directory. Error (disk):
// another user owns it or others can write to it, or dropping root failed; the command must then stop.
Result<void> become_service_user(configuration::Settings& settings, const std::filesystem::path& configuration);

}  // namespace renewd::commands
