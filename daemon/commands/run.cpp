#include "commands/run.hpp"

#include "commands/configured.hpp"
#include "commands/daemon.hpp"
#include "commands/exit_status.hpp"

namespace renewd::commands {

int run(const std::filesystem::path& configuration, std::ostream& errors) {
  // For a reload: the directory of this process is another one by then.
  std::error_code error;
  const auto file = std::filesystem::absolute(configuration, error);
  auto settings = load_configuration(configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  if (!begin_work("run", *settings, configuration, errors)) {
    return kFailure;
  }
  const auto ran = Daemon(file, std::move(*settings)).run();
  if (!ran) {
    errors << "run: " << ran.error().message << '\n';
    return kFailure;
  }
  return kSuccess;
}

}  // namespace renewd::commands
