// What the commands look at that only look: every certificate as it stands on the disk, and whether a daemon runs.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands/gateway_states.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "keystore/store.hpp"
#include "report/certificate_status.hpp"

namespace renewd::commands {

struct Overview {
  std::vector<report::CertificateStatus> standings;
  // The daemon that works in the state directory, in the words of its lock; nothing when none does.
  std::optional<std::string> daemon;
  // What is meant to renew.
  configuration::RunBy run_by = configuration::RunBy::daemon;
};

// The configuration of a command that only looks; otherwise its exit status, and why on `errors`.
tl::expected<configuration::Settings, int> load_to_look(std::string_view command,
                                                        const std::filesystem::path& configuration,
                                                        std::ostream& errors);

// A plain sentence when this process may not read what it would have to look at: an empty table would be a lie. The
// first for the configuration file, the second for what is configured in it.
std::optional<std::string> no_permission(const std::filesystem::path& configuration);
std::optional<std::string> no_permission(const configuration::Settings& settings);

// Looks as often as it is asked. A keystore is opened only when its bytes have changed (keystore::Store).
class Lookout {
 public:
  Lookout(const configuration::Settings& settings, std::vector<configuration::CertificateSettings> certificates);

  Overview look(TimePoint now);

 private:
  // Without a daemon, which would have done it: at most every ten seconds.
  std::vector<gateway::Examination> examine(TimePoint now, Examiner examiner);

  configuration::ScheduleSettings schedule_;
  configuration::HttpSettings http_;
  std::optional<TimePoint> configuration_modified_;
  std::filesystem::path state_directory_;
  std::vector<configuration::CertificateSettings> certificates_;
  PosixFilesystem filesystem_;
  std::vector<std::unique_ptr<keystore::Store>> stores_;  // one for each certificate
  std::vector<gateway::Examination> examined_;
  TimePoint examined_at_;
};

}  // namespace renewd::commands
