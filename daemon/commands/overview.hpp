// What the commands look at that only look: every certificate as it stands on the disk, and whether a daemon runs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "certificate/certificate.hpp"
#include "certificate/digest.hpp"
#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/filesystem.hpp"
#include "renewal/standing.hpp"

namespace renewd::commands {

struct Overview {
  std::vector<renewal::Standing> standings;
  // The daemon that works in the state directory, in the words of its lock; nothing when none does.
  std::optional<std::string> daemon;
};

// The configuration of a command that only looks; otherwise its exit status, and why on `errors`.
tl::expected<configuration::Settings, int> load_to_look(std::string_view command,
                                                        const std::filesystem::path& configuration,
                                                        std::ostream& errors);

// A plain sentence when this process may not read what it would have to look at: an empty table would be a lie. The
// first for the configuration file, the second for what is configured in it.
std::optional<std::string> no_permission(const std::filesystem::path& configuration);
std::optional<std::string> no_permission(const configuration::Settings& settings);

// Looks again and again, and opens a keystore only when its bytes have changed: that derives a key, which takes a
// processor up to a second.
class Lookout {
 public:
  Lookout(const configuration::Settings& settings, std::vector<configuration::CertificateSettings> certificates)
      : schedule_(settings.schedule),
        state_directory_(settings.state_directory),
        certificates_(std::move(certificates)),
        filesystem_(settings.state_directory) {}

  Overview look(TimePoint now);

 private:
  struct Opened {
    certificate::Digest digest;
    certificate::Certificate certificate;
  };
  Result<certificate::Certificate> installed(const configuration::CertificateSettings& certificate);

  configuration::ScheduleSettings schedule_;
  std::filesystem::path state_directory_;
  std::vector<configuration::CertificateSettings> certificates_;
  PosixFilesystem filesystem_;
  std::map<std::string, Opened> opened_;
};

}  // namespace renewd::commands
