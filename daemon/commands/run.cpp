#include "commands/run.hpp"

#include <list>

#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/event_loop.hpp"
#include "commands/exit_status.hpp"
#include "core/slots.hpp"
#include "core/version.hpp"
#include "http/https_client.hpp"
#include "renewal/supervisor.hpp"

namespace renewd::commands {

namespace {

constexpr std::size_t kRenewalsAtOnce = 4;
// Opening a keystore derives a key, which takes a processor up to a second.
constexpr std::size_t kKeystoreThreads = 2;

}  // namespace

int run(const std::filesystem::path& configuration, std::ostream& errors) {
  const auto settings = load_configuration(configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  const SystemClock clock;
  const EventLog log = make_event_log(settings->log.format, settings->log.level, clock);
  PosixFilesystem filesystem;
  EventLoop loop;
  http::HttpsClient http(loop.executor(), settings->http);

  boost::asio::thread_pool pool(kKeystoreThreads);
  Slots slots(loop.executor(), kRenewalsAtOnce);
  std::list<CertificateObjects> objects;
  std::list<renewal::Supervisor> supervisors;
  const auto count = settings->certificates.size();
  log.event(EventName::daemon_started, "",
            fmt::format("version {}, watching {} certificate{}", version(), count, count == 1 ? "" : "s"),
            {{"version", std::string(version())}, {"configuration", configuration.string()}});
  for (const auto& certificate : settings->certificates) {
    auto& parts =
        objects.emplace_back(loop.executor(), certificate, settings->http, filesystem, http, log, clock, &pool);
    auto& supervisor = supervisors.emplace_back(loop.executor(), parts.surroundings(), slots, certificate,
                                                settings->schedule, settings->state_directory);
    loop.start(supervisor.run());
  }
  loop.on_hangup([&log] {
    log.event(EventName::config_rejected, "",
              "SIGHUP: this version does not reload its configuration; restart the daemon instead");
  });
  loop.run([&log](const char* signal) {
    log.event(EventName::daemon_stopping, "", fmt::format("told to stop by {}", signal));
  });
  return kSuccess;
}

}  // namespace renewd::commands
