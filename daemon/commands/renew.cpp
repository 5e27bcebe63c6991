#include "commands/renew.hpp"

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/failures.hpp"
#include "commands/fleet_members.hpp"
#include "commands/fleet_memory.hpp"
#include "commands/permissions.hpp"
#include "commands/plan_sentence.hpp"
#include "commands/service_user.hpp"
#include "commands/terminal_progress.hpp"
#include "core/advice.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "http/https_client.hpp"
#include "keystore/file_store.hpp"
#include "preflight/rehearsal.hpp"
#include "renewal/policy.hpp"
#include "renewal/renewal.hpp"
#include "renewal/schedule.hpp"
#include "report/assessment.hpp"
#include "report/certificate_status.hpp"
#include "report/finding.hpp"
#include "state/lock.hpp"
#include "state/paths.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/wiring.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::CertificateSettings;

// One pass over the certificates, one after the other. Lives as long as the loop runs.
class Pass {
 public:
  Pass(const RenewOptions& options, const configuration::Settings& settings,
       std::vector<CertificateSettings> certificates, const std::shared_ptr<service::JournalRelay>& journal,
       std::ostream& out)
      : options_(options),
        settings_(settings),
        state_directory_(settings.state_directory),
        schedule_(settings.schedule),
        certificates_(std::move(certificates)),
        out_(out),
        progress_(loop_, settings),
        log_(progress_.events(), clock_),
        filesystem_(settings.state_directory),
        http_settings_(settings.http),
        http_(loop_.executor(), settings.http) {
    if (journal) {
      journal->set_level(settings.log.level);
      log_.add_observer(journal);
    }
    supervision::log_warnings(filesystem_, log_);
  }

  bool run() {
    progress_.start(one_after_the_other());
    const bool interrupted = loop_.run([this](std::string_view message) {
      log_.event(EventName::daemon_stopping, "", message);
      progress_.end(supervision::kCutOffFlush);
    });
    return succeeded_ && !interrupted;
  }

 private:
  asio::awaitable<void> one_after_the_other() {
    for (const CertificateSettings& certificate : certificates_) {
      const supervision::CertificateObjects objects(loop_.executor(), certificate, http_settings_, filesystem_, http_,
                                                    log_, clock_);
      bool done = false;
      if (options_.dry_run) {
        done = co_await rehearse(objects.context(), certificate);
      } else {
        done = co_await renew_if_due(objects.context(), certificate);
        if (schedule_.run_by == configuration::RunBy::timer) {
          remember_run(filesystem_, state_directory_, certificate.name, not_after(objects.context()), clock_.now());
        }
      }
      succeeded_ = succeeded_ && done;
      const bool stopping = co_await stop_requested();
      if (stopping) {
        co_return;
      }
    }
  }

  static std::optional<TimePoint> not_after(const renewal::RenewalContext& context) {
    const auto installed = context.keystore.read();
    return installed ? std::optional<TimePoint>(installed->keystore.certificate.not_after()) : std::nullopt;
  }

  asio::awaitable<bool> renew_if_due(renewal::RenewalContext around, CertificateSettings certificate) {
    auto installed = around.keystore.read();
    if (!installed) {
      log_.event(EventName::certificate_unreadable, certificate.name, installed.error().message,
                 {{"path", certificate.keystore.path.string()}});
      say_failed(certificate, installed.error().message,
                 report::assess(standing_of(certificate), {}, clock_.now()).advice());
      co_return false;
    }
    const auto& current = installed->keystore.certificate;
    const renewal::Validity validity{current.not_before(), current.not_after()};
    if (const auto wait = renewal::wait_for_clock(validity, clock_.now()); wait && !options_.force) {
      log_.event(EventName::clock_skewed, certificate.name, wait->message);
      say_failed(certificate, wait->message + " (--force renews all the same)", std::string(kClockAdvice));
      co_return false;
    }
    renewal::Renewal renewal(around, certificate, state_directory_, schedule_.requests_per_day);
    if (!options_.alone && takes_part(settings_, certificate)) {
      co_return leaves_to_fleet(certificate, validity, renewal.recorded().has_value());
    }
    const auto unfinished = renewal.unfinished();
    if (!unfinished) {
      explain_failure(certificate, unfinished.error());
      co_return false;
    }
    if (!*unfinished && !begins(certificate, validity)) {
      co_return true;
    }
    const auto window = renewal::may_activate(validity, certificate, std::chrono::seconds(0), clock_.now());
    const bool waits_for_window = !window.due && !options_.force;
    if (waits_for_window && renewal::stage_of(*unfinished, false) != renewal::Unfinished::installed) {
      co_return co_await obtain(renewal, certificate, window);
    }
    auto renewed = co_await renewal.run("renew");
    if (!renewed) {
      explain_failure(certificate, renewed.error());
      co_return false;
    }
    forget_failures(filesystem_, state_directory_, certificate.name);
    if (renewed->renewed && !remember(certificate, renewed->certificate)) {
      co_return false;
    }
    say(certificate, fmt::format("{}, valid until {}; {}", renewed->renewed ? "renewed" : "activated",
                                 format_time(renewed->certificate.not_after()), renewed->activation.message));
    co_return true;
  }

  // The daemon publishes what this host has requested.
  bool remember(const CertificateSettings& certificate, const certificate::Certificate& renewed) {
    const auto remembered =
        takes_part(settings_, certificate)
            ? remember_requested(filesystem_, {state_directory_, certificate.name}, renewed.fingerprint_sha256())
            : Result<void>();
    if (!remembered) {
      say_failed(certificate, remembered.error().message,
                 "the gateway uses the renewed certificate; for the other hosts run gravitee-renewd fleet publish " +
                     certificate.name);
    }
    return remembered.has_value();
  }

  // A member requests and restarts in agreement with the others, which is up to the daemon. False if there is something
  // to do.
  bool leaves_to_fleet(const CertificateSettings& certificate, const renewal::Validity& validity, bool unfinished) {
    const auto decision = renewal::decide(validity, certificate, std::chrono::seconds(0), clock_.now());
    if (!unfinished && !decision.due && !options_.force) {
      say(certificate, "nothing to do: " + decision.message);
      return true;
    }
    say(certificate, fmt::format("skipped: {}, but this host belongs to a fleet: its daemon requests one certificate "
                                 "for all hosts, and restarts their gateways in turn",
                                 unfinished     ? "a renewal is under way"
                                 : decision.due ? decision.message
                                                : "--force asks for a renewal"));
    // Alone, what is under way would skip its turn: no advice for somebody in a hurry.
    const std::string alone = unfinished
                                  ? ""
                                  : "; to renew this host without the others, run gravitee-renewd renew --alone " +
                                        std::string(options_.force ? "--force " : "") + certificate.name;
    say(certificate,
        "what to do: see what the fleet waits for with gravitee-renewd fleet status " + certificate.name + alone);
    return false;
  }

  // Installing is for the next of activate_windows.
  asio::awaitable<bool> obtain(renewal::Renewal& renewal, CertificateSettings certificate, renewal::Decision window) {
    const auto obtained = co_await renewal.obtain("renew");
    if (!obtained) {
      explain_failure(certificate, obtained.error());
      co_return false;
    }
    forget_failures(filesystem_, state_directory_, certificate.name);
    say(certificate, "a renewed certificate is stored: " + window.message + " (--force installs it now)");
    co_return true;
  }

  // Whether a new renewal is to be begun; says why not.
  bool begins(const CertificateSettings& certificate, const renewal::Validity& validity) {
    // One pass now: the splay, which spreads the daemons of many hosts, does not hold a person up.
    const auto decision = renewal::decide(validity, certificate, std::chrono::seconds(0), clock_.now());
    if (!decision.due && (!options_.force || decision.reason == renewal::Reason::never)) {
      if (decision.reason == renewal::Reason::not_due) {
        // It was renewed externally.
        forget_failures(filesystem_, state_directory_, certificate.name);
      }
      say(certificate, "nothing to do: " + decision.message);
      return false;
    }
    log_.event(EventName::renewal_due, certificate.name, decision.due ? decision.message : "requested with --force",
               {{"reason", decision.due ? std::string(to_string(decision.reason)) : "forced"}});
    return true;
  }

  void explain_failure(const CertificateSettings& certificate, const Error& error) {
    if (error.kind == ErrorKind::cancelled) {
      say(certificate, "interrupted; the next `renew`, or the daemon, resumes here");
      return;
    }
    if (error.kind == ErrorKind::busy) {
      say(certificate, "skipped: " + error.message);
      return;
    }
    log_.event(EventName::renewal_failed, certificate.name, error.message,
               {{"class", std::string(to_string(error.kind))}, {"advice", report::advice_on(error)}});
    remember_failure(filesystem_, state_directory_, certificate.name, error, clock_.now());
    say_failed(certificate, error.message, report::advice_on(error));
  }

  void say_failed(const CertificateSettings& certificate, const std::string& message, const std::string& advice) {
    say(certificate, "failed: " + message);
    if (!advice.empty()) {
      say(certificate, "what to do: " + advice);
    }
  }

  asio::awaitable<bool> rehearse(renewal::RenewalContext around, CertificateSettings certificate) {
    if (certificate.renew == configuration::RenewMode::never) {
      say(certificate, "nothing to rehearse: watched only (renew: never)");
      co_return true;
    }
    const auto steps = co_await preflight::rehearse(around, certificate, state_directory_);
    bool good = true;
    bool busy = false;
    for (const auto& step : steps) {
      if (!step.result && step.result.error().kind == ErrorKind::busy) {
        busy = true;
        say(certificate,
            fmt::format("{:12} skipped: {}; try again when it has ended", step.what, step.result.error().message));
        continue;
      }
      say(certificate, fmt::format("{:12} {}", step.what,
                                   step.result ? "ok: " + *step.result : "FAILED: " + step.result.error().message));
      good = good && step.result.has_value();
      if (!step.result && !step.result.error().advice.empty()) {
        say(certificate, fmt::format("{:12} {}", "", "what to do: " + step.result.error().advice));
      }
    }
    say_plan(certificate, good ? "" : "once this is fixed: ");
    co_return good && !busy;
  }

  // The same plan as that of `plan`.
  void say_plan(const CertificateSettings& certificate, std::string_view condition) {
    const auto standing = standing_of(certificate);
    const auto daemon = state::lock_holder(filesystem_, state::daemon_lock(state_directory_));
    say(certificate, std::string(condition) + plan_sentence(standing, certificate));
    if (const auto text = daemon_sentence(standing, certificate, daemon && *daemon); !text.empty()) {
      say(certificate, text);
    }
  }

  report::CertificateStatus standing_of(const CertificateSettings& certificate) {
    keystore::FileStore store(filesystem_, certificate.keystore);
    return report::look_at(filesystem_, store, certificate, schedule_, state_directory_, clock_.now());
  }

  void say(const CertificateSettings& certificate, const std::string& text) {
    progress_.end();
    commands::say(out_, certificate.name, text);
  }

  const RenewOptions& options_;
  const configuration::Settings& settings_;
  std::filesystem::path state_directory_;
  configuration::ScheduleSettings schedule_;
  std::vector<CertificateSettings> certificates_;
  std::ostream& out_;
  SystemClock clock_;
  supervision::EventLoop loop_;
  TerminalProgress progress_;
  EventLog log_;
  PosixFilesystem filesystem_;
  configuration::HttpSettings http_settings_;
  http::HttpsClient http_;
  bool succeeded_ = true;
};

}  // namespace

int renew(const RenewOptions& options, std::ostream& out, std::ostream& errors) {
  const auto journal = options.dry_run ? nullptr : start_journal("renew", options.configuration);
  auto settings = load_configuration(options.configuration, errors);
  if (!settings) {
    return kUsageError;
  }
  // Only root, who is given up next, can find out what the service may not do.
  const bool rehearses_service = options.dry_run && is_configuration_of_service(options.configuration);
  const auto lacks =
      rehearses_service ? missing_permissions(*settings, options.configuration) : std::vector<std::string>();
  if (!begin_work("renew", *settings, options.configuration, errors)) {
    return kFailure;
  }
  auto certificates = select_certificates(*settings, "renew", options.names, errors);
  if (!certificates) {
    return kUsageError;
  }
  for (const auto& lack : lacks) {
    say(out, "the service", "FAILED: " + lack);
  }
  const bool passed = Pass(options, *settings, std::move(*certificates), journal, out).run();
  return passed && lacks.empty() ? kSuccess : kFailure;
}

}  // namespace renewd::commands
