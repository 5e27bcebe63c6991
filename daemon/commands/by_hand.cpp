#include "commands/by_hand.hpp"

#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/failures.hpp"
#include "commands/fleet_members.hpp"
#include "commands/fleet_memory.hpp"
#include "commands/terminal_progress.hpp"
#include "core/text.hpp"
#include "http/https_client.hpp"
#include "keystore/file_store.hpp"
#include "renewal/policy.hpp"
#include "renewal/renewal.hpp"
#include "report/finding.hpp"
#include "state/generations.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/wiring.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::CertificateSettings;
using renewal::Completed;
using renewal::Renewal;

asio::awaitable<void> finish(asio::awaitable<Result<Completed>> work, std::optional<Result<Completed>>& result) {
  result = co_await std::move(work);
}

asio::awaitable<Result<Completed>> begin(Renewal& renewal, const std::string& command, std::optional<int> generation) {
  return command == "activate" ? renewal.activate_installed(command) : renewal.restore(command, generation);
}

// What `rollback` can put back.
int list_generations(Filesystem& filesystem, const std::filesystem::path& state_directory,
                     const CertificateSettings& certificate, std::ostream& out) {
  const state::Generations generations(filesystem, state::StatePaths(state_directory, certificate.name));
  const auto kept = generations.list();
  if (!kept) {
    say(out, certificate.name, "failed: " + kept.error().message);
    return kFailure;
  }
  keystore::FileStore store(filesystem, certificate.keystore);
  const auto installed = store.read_bytes();
  for (auto generation : *kept) {
    const auto bytes = generations.read(generation.number);
    if (!generation.certificate && bytes) {
      const auto opened = store.open(*bytes);
      if (opened) {
        generation.certificate = state::record_of(opened->keystore.certificate);
      }
    }
    const bool is_installed = installed && bytes && *installed == *bytes;
    say(out, certificate.name, state::describe(generation) + (is_installed ? ", installed" : ""));
  }
  if (kept->empty()) {
    say(out, certificate.name, "no keystore is stored");
  }
  return kSuccess;
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

// `disk` is also the class of a wish that cannot be granted, such as a keystore that is not stored.
std::string advice_on_command(const Error& error) {
  return error.kind == ErrorKind::disk ? error.advice : report::advice_on(error);
}

// The daemon would otherwise take over again what the operator goes back from.
Result<void> decline(Filesystem& filesystem, const configuration::Settings& settings,
                     const CertificateSettings& certificate) {
  const auto installed = keystore::FileStore(filesystem, certificate.keystore).read();
  return installed ? decline_installed(filesystem, {settings.state_directory, certificate.name},
                                       installed->keystore.certificate.fingerprint_sha256())
                   : Result<void>();
}

// What the fleet does next with a member after the command.
std::string fleet_outlook(Filesystem& filesystem, const configuration::Settings& settings,
                          const CertificateSettings& certificate, const std::string& command,
                          const Completed& completed) {
  if (!takes_part(settings, certificate)) {
    return "";
  }
  const std::string name = certificate.name;
  if (command == "rollback") {
    return "; this host does not take over that certificate of the fleet again, until gravitee-renewd activate " +
           name + " or a later one";
  }
  const auto forgotten =
      forget_declined(filesystem, {settings.state_directory, name}, completed.certificate.fingerprint_sha256());
  return !forgotten   ? "; failed: " + forgotten.error().message
         : *forgotten ? "; this host follows its fleet again, from the daemon's next check on"
                      : "";
}

std::string success(const std::string& done, const Completed& completed) {
  return fmt::format("{}, valid until {}; {}", done, format_time(completed.certificate.not_after()),
                     completed.activation.message);
}

int work_on(const ByHandOptions& options, const std::string& command, std::ostream& out, std::ostream& errors) {
  const auto journal = options.list ? nullptr : start_journal(command, options.configuration);
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
  PosixFilesystem filesystem(settings->state_directory);
  if (options.list) {
    return list_generations(filesystem, settings->state_directory, certificate, out);
  }
  const SystemClock clock;
  supervision::EventLoop loop;
  TerminalProgress progress(loop, *settings);
  EventLog log(progress.events(), clock);
  if (journal) {
    journal->set_level(settings->log.level);
    log.add_observer(journal);
  }
  supervision::log_warnings(filesystem, log);
  http::HttpsClient http(loop.executor(), settings->http);
  const supervision::CertificateObjects objects(loop.executor(), certificate, settings->http, filesystem, http, log,
                                                clock);
  Renewal renewal(objects.context(), certificate, settings->state_directory, settings->schedule.requests_per_day);
  if (command == "rollback" && takes_part(*settings, certificate)) {
    if (const auto declined = decline(filesystem, *settings, certificate); !declined) {
      say(out, certificate.name, "failed: " + declined.error().message);
      return kFailure;
    }
  }
  std::optional<Result<Completed>> result;
  progress.begin_activation(certificate.name, options.generation ? fmt::format("generation {}", *options.generation)
                                              : command == "rollback" ? "the previous keystore"
                                                                      : "it");
  progress.start(finish(begin(renewal, command, options.generation), result));
  loop.run([&](std::string_view message) {
    log.event(EventName::daemon_stopping, "", message);
    progress.end(supervision::kCutOffFlush);
  });
  if (result && *result) {
    forget_failures(filesystem, settings->state_directory, certificate.name);
    const std::string done = options.generation      ? fmt::format("generation {} is installed", *options.generation)
                             : command == "rollback" ? "rolled back"
                                                     : "activated";
    say(out, certificate.name,
        success(done, **result) +
            (command == "rollback" && !takes_part(*settings, certificate) ? outlook(**result, certificate, clock.now())
                                                                          : "") +
            fleet_outlook(filesystem, *settings, certificate, command, **result));
    return kSuccess;
  }
  const bool interrupted = !result || result->error().kind == ErrorKind::cancelled;
  say(out, certificate.name,
      interrupted ? "interrupted; the daemon, or the same command again, resumes here"
                  : "failed: " + result->error().message);
  if (const auto advice = interrupted ? std::string() : advice_on_command(result->error()); !advice.empty()) {
    say(out, certificate.name, "what to do: " + advice);
  }
  return kFailure;
}

}  // namespace

int activate(const ByHandOptions& options, std::ostream& out, std::ostream& errors) {
  return work_on(options, "activate", out, errors);
}

int rollback(const ByHandOptions& options, std::ostream& out, std::ostream& errors) {
  return work_on(options, "rollback", out, errors);
}

}  // namespace renewd::commands
