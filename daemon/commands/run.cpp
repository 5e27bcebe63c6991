#include "commands/run.hpp"

#include <sys/resource.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "supervision/daemon.hpp"
#include "supervision/signals.hpp"

namespace renewd::commands {
namespace {

// Enough for four renewals and 32 clients at once; the number of certificates does not matter.
constexpr rlim_t kNeededDescriptors = 64;

bool check_descriptor_limit(std::ostream& errors) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kNeededDescriptors) {
    return true;
  }
  errors << "run: the limit of open files is " << limit.rlim_cur << ", but the daemon needs " << kNeededDescriptors
         << ": raise it (LimitNOFILE= of the unit, or ulimit -n)\n";
  return false;
}

}  // namespace

int run(const std::filesystem::path& configuration, std::ostream& errors) {
  supervision::ignore_unused_signals();
  if (!check_descriptor_limit(errors)) {
    return kFailure;
  }
  // A reload needs the absolute path: the working directory changes.
  std::error_code error;
  const auto file = std::filesystem::absolute(configuration, error);
  auto settings = load_configuration(configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  if (!begin_work("run", *settings, configuration, errors)) {
    return kFailure;
  }
  const auto ran = supervision::Daemon(file, std::move(*settings)).run();
  if (!ran) {
    errors << "run: " << ran.error().message << '\n';
    return kFailure;
  }
  return kSuccess;
}

}  // namespace renewd::commands
