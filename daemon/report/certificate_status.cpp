#include "report/certificate_status.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "certificate/ca_file.hpp"
#include "core/secret.hpp"
#include "core/text.hpp"
#include "renewal/host.hpp"
#include "renewal/maintenance_windows.hpp"
#include "renewal/token_watch.hpp"
#include "state/state_files.hpp"

namespace renewd::report {
namespace {

using renewal::Unfinished;
using std::chrono::seconds;

// A step that is due takes minutes; later it counts as one that did not happen.
constexpr std::chrono::hours kOverdueAfter{1};

bool is_planned_for_later(const renewal::Step& step) {
  using enum renewal::Reason;
  return step.reason == not_due || step.reason == splay || step.reason == maintenance_window || step.reason == never ||
         step.reason == not_yet_valid;
}

std::optional<TimePoint> due_since(const CertificateStatus& standing,
                                   const configuration::CertificateSettings& certificate,
                                   const renewal::Validity& validity, Unfinished stage, TimePoint now) {
  const Outlook& outlook = *standing.outlook;
  if (is_planned_for_later(outlook.step)) {
    return std::nullopt;
  }
  const auto reached = standing.unfinished ? standing.unfinished->reached_at(standing.unfinished->phase) : std::nullopt;
  if (stage == Unfinished::installed) {
    return reached;
  }
  const auto planned = renewal::turn(validity, certificate, outlook.splay, outlook.window_opens).at;
  TimePoint since = stage == Unfinished::answered ? reached.value_or(planned) : TimePoint(planned);
  // An earlier maintenance window may have closed before this daemon was installed.
  const auto& windows = stage == Unfinished::answered ? certificate.activate_windows : certificate.renew_windows;
  const auto opening = renewal::next_opening(windows, outlook.splay, std::chrono::floor<std::chrono::seconds>(now));
  if (opening && opening->from <= now) {
    since = std::max<TimePoint>(since, opening->from);
  }
  return since;
}

std::optional<std::string> planned_window(const Outlook& outlook, const configuration::CertificateSettings& certificate,
                                          const renewal::Validity& validity, Unfinished stage, TimePoint now) {
  if (outlook.step.act != renewal::Act::wait || !is_planned_for_later(outlook.step)) {
    return std::nullopt;
  }
  const renewal::Slot slot = stage == Unfinished::answered
                                 ? renewal::slot_from(certificate.activate_windows, outlook.splay,
                                                      std::chrono::floor<std::chrono::seconds>(now),
                                                      validity.not_after - certificate.override_windows_before)
                                 : renewal::turn(validity, certificate, outlook.splay, now);
  return slot.window == nullptr ? std::nullopt : std::optional(renewal::describe(slot));
}

}  // namespace

bool CertificateStatus::installed_is_in_use() const {
  return in_use && outlook && outlook->certificate.fingerprint_sha256() == in_use->fingerprint;
}

std::optional<std::chrono::sys_seconds> CertificateStatus::known_not_after() const {
  if (outlook) {
    return outlook->certificate.not_after();
  }
  if (attempts.known_not_after != TimePoint()) {
    return std::chrono::floor<std::chrono::seconds>(attempts.known_not_after);
  }
  return in_use ? std::optional(in_use->not_after) : std::nullopt;
}

bool CertificateStatus::renewal_is_due() const {
  return unfinished || (outlook && renew == configuration::RenewMode::automatic && !outlook->clock_is_doubtful() &&
                        looked_at >= outlook->window_opens);
}

const state::PastRenewal* CertificateStatus::last_success() const {
  const auto newest =
      std::find_if(history.rbegin(), history.rend(), [](const auto& past) { return past.outcome == "renewed"; });
  return newest == history.rend() ? nullptr : &*newest;
}

CertificateStatus read_status(Filesystem& filesystem, const keystore::Store& store,
                              const Result<keystore::InstalledKeystore>& installed,
                              const configuration::CertificateSettings& certificate,
                              const std::filesystem::path& state_directory, TimePoint now, Reader reader) {
  const state::StatePaths paths(state_directory, certificate.name);
  const state::Generations generations(filesystem, paths);
  const state::History history(filesystem, paths);
  CertificateStatus standing{.name = certificate.name,
                             .keystore = certificate.keystore.path,
                             .renew = certificate.renew,
                             .looked_at = now,
                             .outlook = installed.map([](const keystore::InstalledKeystore& opened) {
                               return Outlook{opened.keystore.certificate};
                             }),
                             .in_use = history.in_use(),
                             .unfinished = state::Journal(filesystem, paths).peek(),
                             .attempts = state::RetryStateStore(filesystem, paths).load(),
                             .requests = state::RequestLog(filesystem, paths).peek(now),
                             .answer_is_stored = filesystem.exists(paths.answer()),
                             .history = history.list()};
  if (standing.activation_pending() && !standing.in_use) {
    standing.replaced = state::certificate_of(generations, standing.unfinished->previous_generation);
  }
  if (certificate.renew == configuration::RenewMode::automatic) {
    if (certificate.token && (reader == Reader::daemon || !is_out_of_sight(*certificate.token))) {
      standing.token_problem = renewal::token_problem(*certificate.token, now);
      standing.token_not_after = renewal::token_expiry(*certificate.token);
    }
    if (auto replaceable = store.check_replaceable(); !replaceable) {
      standing.replacement_problem = problem_of(std::move(replaceable.error()));
    }
    if (auto writable = state::check_state(filesystem, paths); !writable) {
      standing.state_problem = problem_of(std::move(writable.error()));
    }
  }
  if (!standing.outlook) {
    standing.outlook = tl::unexpected(state::with_restore_advice(
        std::move(standing.outlook.error()), store.exists(), generations, certificate.keystore.path, certificate.name));
    return standing;
  }
  if (auto stored = state::longer_lasting(generations, standing.outlook->certificate.not_after());
      stored && stored->certificate->not_after > now) {
    standing.longer_lasting = std::move(stored);
  }
  return standing;
}

std::optional<Problem> ca_file_problem(const Filesystem& filesystem, const configuration::HttpSettings& http) {
  if (!http.ca_file) {
    return std::nullopt;
  }
  auto read = certificate::read_ca_file(filesystem, *http.ca_file, certificate::Peer::server);
  return read ? std::nullopt : std::optional(problem_of(with_context("http.ca_file", std::move(read.error()))));
}

std::optional<Problem> configuration_problem(std::optional<TimePoint> file, std::optional<TimePoint> in_effect) {
  if (!file || !in_effect || *file == *in_effect) {
    return std::nullopt;
  }
  return Problem{fmt::format("the configuration that is in effect is not the one in the file, which was modified at {} "
                             "UTC",
                             format_minute(*file)),
                 "run systemctl reload gravitee-renewd, which validates the file and puts it into effect"};
}

bool add_examination(CertificateStatus& standing, const keystore::Store& store, gateway::Examination found) {
  standing.gateway = std::move(found.state);
  standing.health_check_problem = std::move(found.health_check_problem);
  standing.activation_problem = std::move(found.activation_problem);
  if (!standing.outlook || standing.installed_is_in_use() || standing.unfinished || !standing.gateway ||
      standing.gateway->health != gateway::Health::up || !standing.gateway->running_since) {
    return false;
  }
  const auto placed_at = store.placed_at();
  if (!placed_at || *standing.gateway->running_since <= *placed_at) {
    return false;
  }
  standing.in_use = state::record_of(standing.outlook->certificate);
  return true;
}

state::Observation observation_of(const CertificateStatus& standing,
                                  const configuration::CertificateSettings& certificate) {
  const bool unhealthy = standing.gateway && standing.gateway->health == gateway::Health::unhealthy;
  return {.keystore = standing.outlook ? std::nullopt : std::optional(problem_of(standing.outlook.error())),
          .token = standing.token_problem,
          .replacement = standing.replacement_problem,
          .state = standing.state_problem,
          .activation = standing.activation_problem,
          .health_check = standing.health_check_problem,
          .health = unhealthy ? std::optional(Problem{standing.gateway->message}) : std::nullopt,
          .ca_file = standing.ca_file_problem,
          .token_not_after = standing.token_not_after,
          .token_changed = certificate.token ? changed_at(*certificate.token) : std::nullopt,
          .fleet = standing.fleet};
}

// What only the running service finds is due to its sandbox, or to groups that it had not when it started.
constexpr std::string_view kOnlyTheServiceFindsIt =
    "run systemctl restart gravitee-renewd, since only the running service finds this: its sandbox is older than the "
    "change; if that does not help, run as root gravitee-renewd init --permissions";

void add_observation(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
                     const state::Observation& seen) {
  const auto add = [](std::optional<Problem>& problem, const std::optional<Problem>& found) {
    problem = problem ? problem : found;
  };
  if (standing.outlook && seen.keystore) {
    standing.outlook = failure(ErrorKind::disk, "the daemon cannot read it: " + seen.keystore->message,
                               std::string(kOnlyTheServiceFindsIt));
  }
  // A token that has been changed since the daemon saw it may be a good one. One that the daemon did not even see is
  // not.
  if (certificate.token && (!seen.token_changed || seen.token_changed == changed_at(*certificate.token))) {
    if (!standing.token_problem && seen.token) {
      const bool is_readable = !is_out_of_sight(*certificate.token);
      standing.token_problem =
          Problem{seen.token->message, is_readable ? std::string(kOnlyTheServiceFindsIt) : seen.token->advice};
    }
    standing.token_not_after = standing.token_not_after ? standing.token_not_after : seen.token_not_after;
  }
  if (!standing.replacement_problem && seen.replacement) {
    standing.replacement_problem = Problem{seen.replacement->message, std::string(kOnlyTheServiceFindsIt)};
  }
  add(standing.state_problem, seen.state);
  add(standing.activation_problem, seen.activation);
  add(standing.health_check_problem, seen.health_check);
  add(standing.ca_file_problem, seen.ca_file);
  standing.fleet = standing.fleet ? standing.fleet : seen.fleet;
  if (seen.health && (!standing.gateway || standing.gateway->health == gateway::Health::up)) {
    standing.gateway = gateway::GatewayState{gateway::Health::unhealthy, seen.health->message, ""};
  }
}

void plan(CertificateStatus& standing, const configuration::CertificateSettings& certificate,
          const configuration::ScheduleSettings& schedule, std::chrono::seconds splay, TimePoint now) {
  standing.looked_at = now;
  standing.run_by = schedule.run_by;
  if (!standing.outlook) {
    return;
  }
  Outlook& outlook = *standing.outlook;
  const renewal::Validity validity{outlook.certificate.not_before(), outlook.certificate.not_after()};
  const auto stage = renewal::stage_of(standing.unfinished, standing.answer_is_stored);
  outlook.window_opens = renewal::window_opens(validity, certificate.renew_before);
  outlook.splay = splay;
  outlook.step = renewal::Schedule(certificate, schedule, splay, standing.attempts, 0)
                     .next({validity, stage, standing.requests}, now);
  outlook.next_look = std::min(outlook.step.at, now + schedule.check_every);
  outlook.due_since = due_since(standing, certificate, validity, stage, now);
  if (outlook.due_since) {
    const bool by_timer = schedule.run_by == configuration::RunBy::timer;
    outlook.overdue_at = *outlook.due_since + (by_timer ? 2 * schedule.check_every : seconds(kOverdueAfter));
  }
  outlook.maintenance_window = planned_window(outlook, certificate, validity, stage, now);
}

CertificateStatus look_at(Filesystem& filesystem, keystore::Store& store,
                          const configuration::CertificateSettings& certificate,
                          const configuration::ScheduleSettings& schedule, const std::filesystem::path& state_directory,
                          TimePoint now) {
  CertificateStatus standing =
      read_status(filesystem, store, store.read(), certificate, state_directory, now, Reader::command);
  plan(standing, certificate, schedule,
       renewal::splay_offset(renewal::host_identity(filesystem), certificate.name, schedule.splay), now);
  return standing;
}

}  // namespace renewd::report
