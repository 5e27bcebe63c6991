#include "commands/run.hpp"

#include <sys/resource.h>

#include "commands/configured.hpp"
#include "commands/daemon.hpp"
#include "commands/exit_status.hpp"
#include "commands/signals.hpp"

namespace renewd::commands {
namespace {

// What the daemon has open does not grow with the certificates; four renewals and a page full of clients fit in.
constexpr rlim_t kOpenFiles = 64;

bool may_open_enough(std::ostream& errors) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kOpenFiles) {
    return true;
  }
  errors << "run: " << kOpenFiles << " open files are needed, and the limit is " << limit.rlim_cur
         << ": raise it (LimitNOFILE= of the unit, ulimit -n)\n";
  return false;
}

}  // namespace

int run(const std::filesystem::path& configuration, std::ostream& errors) {
  ignore_meaningless_signals();
  if (!may_open_enough(errors)) {
    return kFailure;
  }
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
