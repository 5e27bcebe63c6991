#include "commands/overview.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/text.hpp"
#include "installation/installer.hpp"
#include "installation/lock.hpp"
#include "installation/state.hpp"
#include "renewal/installed.hpp"

namespace renewd::commands {
namespace {

bool refused(const std::filesystem::path& path, int wanted) {
  return ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) != 0 && (errno == EACCES || errno == EPERM);
}

std::string sentence(const std::filesystem::path& path) {
  return "this user may not read " + printable(path.string(), 500) +
         ": run it as root (with sudo), or as the user that the service runs as";
}

}  // namespace

std::optional<std::string> no_permission(const std::filesystem::path& configuration) {
  return refused(configuration, R_OK) ? std::optional(sentence(configuration)) : std::nullopt;
}

std::optional<std::string> no_permission(const configuration::Settings& settings) {
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

Overview Lookout::look(TimePoint now) {
  Overview overview;
  for (const auto& certificate : certificates_) {
    overview.standings.push_back(
        renewal::standing_of(filesystem_, installed(certificate), certificate, schedule_, state_directory_, now));
  }
  auto holder = installation::lock_holder(installation::daemon_lock(state_directory_));
  overview.daemon = holder ? std::move(*holder) : std::nullopt;
  return overview;
}

Result<certificate::Certificate> Lookout::installed(const configuration::CertificateSettings& certificate) {
  const auto bytes = filesystem_.read(certificate.keystore.path, installation::kKeystoreLimit);
  const auto known = opened_.find(certificate.name);
  if (bytes && known != opened_.end() && known->second.bytes == *bytes) {
    return known->second.certificate;
  }
  opened_.erase(certificate.name);
  return renewal::read_installed(filesystem_, certificate.keystore).map([&](renewal::Installed&& found) {
    Opened opened{std::move(found.bytes), std::move(found.keystore.certificate)};
    return opened_.insert_or_assign(certificate.name, std::move(opened)).first->second.certificate;
  });
}

}  // namespace renewd::commands
