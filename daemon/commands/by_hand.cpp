#include "commands/by_hand.hpp"

#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/event_loop.hpp"
#include "commands/exit_status.hpp"
#include "commands/failures.hpp"
#include "commands/terminal_progress.hpp"
#include "core/text.hpp"
#include "http/https_client.hpp"
#include "renewal/policy.hpp"
#include "renewal/renewal.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::CertificateSettings;
using renewal::Completed;
using renewal::Renewal;

using Work = asio::awaitable<Result<Completed>> (Renewal::*)(std::string holder);

asio::awaitable<void> finish(Renewal& renewal, Work work, std::string holder,
                             std::optional<Result<Completed>>& result) {
  result = co_await (renewal.*work)(std::move(holder));
}

// What the daemon will do with the keystore that was gone back to, which it does not know to be wanted.
std::string outlook(const Completed& completed, const CertificateSettings& settings, TimePoint now) {
  const auto decision = renewal::decide({completed.certificate.not_before(), completed.certificate.not_after()},
                                        settings, std::chrono::seconds(0), now);
  if (!decision.due) {
    return "";
  }
  return "; it is due for renewal, and the daemon will renew it: set `renew: never` to keep it";
}

std::string success(std::string_view command, const Completed& completed, const CertificateSettings& settings,
                    TimePoint now) {
  const std::string valid = "valid until " + format_time(completed.certificate.not_after());
  if (command == "rollback") {
    return fmt::format("rolled back, {}; {}{}", valid, completed.activation.message, outlook(completed, settings, now));
  }
  return fmt::format("activated, {}; {}", valid, completed.activation.message);
}

int work_on(const ByHandOptions& options, std::string command, Work work, std::ostream& out, std::ostream& errors) {
  auto settings = load_configuration(options.configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  if (!begin_work(command, *settings, options.configuration, errors)) {
    return kFailure;
  }
  const auto selected = select_certificates(*settings, command, {options.name}, errors);
  if (!selected) {
    return kUsageError;
  }
  const CertificateSettings& certificate = selected->front();
  const SystemClock clock;
  EventLoop loop;
  TerminalProgress progress(loop, *settings);
  const EventLog log(progress.events(), clock);
  PosixFilesystem filesystem(settings->state_directory);
  log_warnings(filesystem, log);
  http::HttpsClient http(loop.executor(), settings->http);
  const CertificateObjects objects(loop.executor(), certificate, settings->http, filesystem, http, log, clock);
  Renewal renewal(objects.surroundings(), certificate, settings->state_directory);
  std::optional<Result<Completed>> result;
  progress.begin_activation(certificate.name, command == "rollback" ? "the old keystore" : "it");
  progress.start(finish(renewal, work, command, result));
  loop.run([&log](std::string_view message) { log.event(EventName::daemon_stopping, "", message); });
  if (result && *result) {
    forget_failures(filesystem, settings->state_directory, certificate.name);
    say(out, certificate.name, success(command, **result, certificate, clock.now()));
    return kSuccess;
  }
  const bool interrupted = !result || result->error().kind == ErrorKind::cancelled;
  say(out, certificate.name,
      interrupted ? "interrupted; the daemon, or the same command again, goes on from here"
                  : "failed: " + result->error().message);
  return kFailure;
}

}  // namespace

int activate(const ByHandOptions& options, std::ostream& out, std::ostream& errors) {
  return work_on(options, "activate", &Renewal::activate_again, out, errors);
}

int rollback(const ByHandOptions& options, std::ostream& out, std::ostream& errors) {
  return work_on(options, "rollback", &Renewal::go_back, out, errors);
}

}  // namespace renewd::commands
