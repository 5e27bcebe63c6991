#include "commands/status.hpp"

#include "commands/exit_status.hpp"
#include "commands/status_table.hpp"
#include "commands/watch.hpp"

namespace renewd::commands {

int status(const StatusOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors) {
  const auto settings = load_to_look("status", options.configuration, errors);
  if (!settings) {
    return settings.error();
  }
  Lookout lookout(*settings, settings->certificates);
  const SystemClock clock;
  const auto draw = [&](const Screen& on) {
    const TimePoint now = clock.now();
    const Overview overview = lookout.look(now);
    return options.json ? status_json(overview, settings->state_directory, now) + "\n"
                        : status_table(overview, now, on);
  };
  if (options.watch) {
    return watch(draw, screen, screen.terminal && !options.json, out) ? kSuccess : kFailure;
  }
  out << draw(screen);
  return kSuccess;
}

}  // namespace renewd::commands
