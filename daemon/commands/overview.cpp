#include "commands/overview.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/ostream.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "core/text.hpp"
#include "keystore/file_store.hpp"
#include "state/lock.hpp"
#include "state/paths.hpp"

namespace renewd::commands {
namespace {

// With `status --watch`: systemd logs each restart that polkit does not permit, the gateway perhaps each health check.
constexpr std::chrono::seconds kExamineEvery{10};

bool refused(const std::filesystem::path& path, int wanted) {
  return ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) != 0 && (errno == EACCES || errno == EPERM);
}

// Why nothing renews a certificate while no daemon is running.
std::optional<std::string> run_problem(const report::CertificateStatus& standing,
                                       const configuration::ScheduleSettings& schedule, TimePoint now) {
  if (schedule.run_by == configuration::RunBy::daemon) {
    return "no daemon is running";
  }
  const TimePoint last = standing.attempts.run_at;
  if (last == TimePoint()) {
    return "gravitee-renewd renew has not run yet (schedule.run_by: timer)";
  }
  // A run by a clock that was ahead says nothing about the runs since.
  const bool is_recent = last <= now && now - last < 2 * schedule.check_every;
  return is_recent ? std::nullopt
                   : std::optional(fmt::format("gravitee-renewd renew last ran at {} UTC (schedule.run_by: timer)",
                                               format_minute(last)));
}

std::string sentence(const std::filesystem::path& path) {
  return "this user may not read " + printable(path.string(), 500) +
         ": run it as root (with sudo), or as the user that the service runs as";
}

std::string state_is_a_file(const std::filesystem::path& path) {
  return printable(path.string(), 500) + " is a file, not a directory: correct state_directory";
}

}  // namespace

std::optional<std::string> no_permission(const std::filesystem::path& configuration) {
  return refused(configuration, R_OK) ? std::optional(sentence(configuration)) : std::nullopt;
}

std::optional<std::string> no_permission(const configuration::Settings& settings) {
  std::error_code unknown;
  if (std::filesystem::is_regular_file(settings.state_directory, unknown)) {
    return state_is_a_file(settings.state_directory);
  }
  if (refused(settings.state_directory, R_OK | X_OK)) {
    return sentence(settings.state_directory);
  }
  // Who may enter it is root or the daemon's user: a keystore that cannot be read is then what there is to report.
  const bool entered = ::faccessat(AT_FDCWD, settings.state_directory.c_str(), X_OK, AT_EACCESS) == 0;
  for (const auto& certificate : settings.certificates) {
    if (!entered && refused(certificate.keystore.path, R_OK)) {
      return sentence(certificate.keystore.path);
    }
  }
  return std::nullopt;
}

tl::expected<configuration::Settings, int> load_to_look(std::string_view command,
                                                        const std::filesystem::path& configuration,
                                                        std::ostream& errors) {
  const auto refuse = [&](const std::string& why) {
    fmt::print(errors, "{}: {}\n", command, why);
    return tl::unexpected(kFailure);
  };
  if (const auto refused = no_permission(configuration)) {
    return refuse(*refused);
  }
  auto settings = load_configuration(configuration, errors);
  if (!settings) {
    return tl::unexpected(kUsageError);
  }
  if (const auto refused = no_permission(*settings)) {
    return refuse(*refused);
  }
  if (!begin_work(command, *settings, configuration, errors)) {
    return tl::unexpected(kFailure);
  }
  return std::move(*settings);
}

Lookout::Lookout(const configuration::Settings& settings, std::vector<configuration::CertificateSettings> certificates)
    : schedule_(settings.schedule),
      http_(settings.http),
      configuration_modified_(settings.modified),
      state_directory_(settings.state_directory),
      certificates_(std::move(certificates)),
      filesystem_(settings.state_directory) {
  for (const auto& certificate : certificates_) {
    stores_.push_back(std::make_unique<keystore::FileStore>(filesystem_, certificate.keystore));
  }
}

std::vector<gateway::Examination> Lookout::examine(TimePoint now, Examiner examiner) {
  if (examiner == Examiner::daemon) {
    return examine_gateways(certificates_, http_, examiner);
  }
  if (examined_.empty() || now < examined_at_ || now - examined_at_ >= kExamineEvery) {
    examined_ = examine_gateways(certificates_, http_, examiner);
    examined_at_ = now;
  }
  return examined_;
}

Overview Lookout::look(TimePoint now) {
  Overview overview;
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    overview.standings.push_back(
        report::look_at(filesystem_, *stores_[i], certificates_[i], schedule_, state_directory_, now));
  }
  auto holder = state::lock_holder(filesystem_, state::daemon_lock(state_directory_));
  overview.daemon = holder ? std::move(*holder) : std::nullopt;
  overview.run_by = schedule_.run_by;
  auto gateways = examine(now, overview.daemon ? Examiner::daemon : Examiner::command);
  const auto ca_file_problem = report::ca_file_problem(filesystem_, http_);
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    auto& standing = overview.standings[i];
    standing.ca_file_problem = ca_file_problem;
    report::add_examination(standing, *stores_[i], std::move(gateways[i]));
    if (overview.daemon) {
      const auto seen = state::ObservationStore(filesystem_, {state_directory_, certificates_[i].name}).load();
      report::add_observation(standing, certificates_[i], seen);
      standing.configuration_problem = report::configuration_problem(configuration_modified_, seen.configuration);
    } else {
      standing.run_problem = run_problem(standing, schedule_, now);
    }
  }
  return overview;
}

}  // namespace renewd::commands
