#include "commands/run.hpp"

#include "commands/configured.hpp"
#include "commands/daemon.hpp"
#include "commands/exit_status.hpp"

namespace renewd::commands {

int run(const std::filesystem::path& configuration, std::ostream& errors) {
  auto settings = load_configuration(configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  Daemon(configuration, std::move(*settings)).run();
  return kSuccess;
}

}  // namespace renewd::commands
