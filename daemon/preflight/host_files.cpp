#include "preflight/host_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <variant>

#include <fmt/format.h>

#include "certificate/ca_file.hpp"
#include "core/held_directories.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "gateway/program.hpp"
#include "keystore/file_store.hpp"
#include "keystore/replacement.hpp"
#include "renewal/token_watch.hpp"
#include "state/generations.hpp"
#include "state/state_files.hpp"

namespace renewd::preflight {
namespace {

namespace fs = std::filesystem;
using configuration::CertificateSettings;
using configuration::RenewMode;

// The unit's RuntimeDirectory=, which exists while the daemon runs.
constexpr auto kRuntimeDirectory = "/run/gravitee-renewd";

// Whether this is the process of a unit that can read its credentials. systemd 252 hides them from ExecReload=.
bool has_credentials() {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && (::access(directory, X_OK) == 0 || errno != EACCES);
}

// Without advice that only says to run `validate`.
std::string in_words(const Error& error) {
  const bool helps = !error.advice.empty() && error.advice != advice_on(EACCES);
  return error.message + (helps ? "; " + error.advice : "");
}

}  // namespace

bool HostFiles::check(const std::string& key, std::string_view doing, const fs::path& path, int mode,
                      std::string_view explanation) {
  const auto allowed = check_access(user_, path, mode);
  if (!allowed) {
    warn(key, fmt::format("{} {}{}: {}{}", doing, path.string(), as_user(), allowed.error().message, explanation));
  }
  return allowed.has_value();
}

bool HostFiles::check_secret_readable(const std::string& key, std::string_view what, const fs::path& path,
                                      Sharing sharing, const std::string& otherwise) {
  const auto denial = explain_denial(path, sharing, user_);
  return check(key, fmt::format("{} cannot be read:", what), path, R_OK,
               denial ? fmt::format(" ({}); {}", denial->message, denial->advice) : otherwise);
}

std::string HostFiles::as_user() const {
  return user_ ? fmt::format(" as user {} (User= of the unit)", user_->name) : "";
}

bool HostFiles::check_readable(const std::string& key, std::string_view what, const fs::path& path) {
  return check(key, fmt::format("{} cannot be read:", what), path, R_OK);
}

void HostFiles::check_configuration(const fs::path& file) {
  const std::string name = shell_quoted(file.string());
  check("", "the configuration cannot be read:", file, R_OK,
        user_ ? fmt::format(", so the service would not start again; as root, run: chown root:{} {} && chmod 0640 {}",
                            group_name(user_->group), name, name)
              : "");
}

bool HostFiles::check_visible(const std::string& key, std::string_view what, const fs::path& path) {
  const bool hidden = hides_homes_ && is_below_home(filesystem_.canonical(path).value_or(path));
  if (hidden) {
    warn(key, fmt::format("{} cannot be read: {} {}; {}", what, path.string(), kHomeIsHidden, kMoveOutOfHome));
  }
  return !hidden;
}

void HostFiles::check_readers(const std::string& key, std::string_view what, const fs::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    warn(key, fmt::format("{} is readable by every user: {} has mode {:04o} (chmod o= FILE)", what, file.string(),
                          status.st_mode & 07777U));
  }
}

void HostFiles::check_writers(const std::string& key, std::string_view what, const fs::path& file) {
  if (const auto trusted = check_trusted(file, user_ ? user_->id : ::geteuid()); !trusted) {
    warn(key, fmt::format("{} can be changed by others: {}", what, trusted.error().message));
  }
}

// The keystore and the directories above it may belong to the gateway's user: only write permission for all users, or
// for a group, is too much.
void HostFiles::check_keystore_writers(const std::string& key, const fs::path& keystore) {
  const fs::path target = filesystem_.canonical(keystore).value_or(keystore);
  for (const fs::path& path : {target, target.parent_path()}) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
        (status.st_mode & S_ISVTX) == 0) {
      warn(key, fmt::format("the keystore can be changed by others: {} has mode {:04o}", path.string(),
                            status.st_mode & 07777U));
    }
  }
}

void HostFiles::check_writable(const std::string& key, std::string_view what, const fs::path& directory) {
  // The second check finds other problems than permissions, but fewer of them as root than as the unit's user.
  if (check(key, fmt::format("{}: cannot create files in the directory", what), directory, W_OK | X_OK)) {
    if (const auto writable = ask_as(user_, [&] { return filesystem_.check_writable(directory); }); !writable) {
      warn(key, fmt::format("{}{}: {}", what, as_user(), in_words(writable.error())));
    }
  }
}

void HostFiles::check_command(const std::string& key, const std::vector<std::string>& argv) {
  const auto startable =
      ask_as(user_, [&]() -> Result<void> { return gateway::check_command(argv).map([](const std::string&) {}); });
  if (!startable) {
    warn(key, fmt::format("the gateway cannot be restarted{}: {}", as_user(), startable.error().message));
  }
}

void HostFiles::check_pid_file(const std::string& key, const fs::path& pid_file, int signal) {
  if (!filesystem_.exists(pid_file)) {
    note(key, fmt::format("there is no pid file {}: the gateway is not running, or writes a different file",
                          pid_file.string()));
    return;
  }
  const auto sent =
      ask_as(user_, [&] { return gateway::SignalAction::check_pid_file(pid_file, signal, other_processes_); });
  if (!sent) {
    warn(key, fmt::format("the signal would not reach the gateway{}: {}", as_user(), sent.error().message));
  }
}

bool HostFiles::check_secret(const std::string& key, std::string_view what, const std::optional<SecretSource>& source,
                             Result<Secret> (*read)(const SecretSource&)) {
  if (!source) {
    return true;
  }
  const bool of_unit = source->kind == SecretSource::Kind::credential && !has_credentials();
  const bool of_environment = source->kind == SecretSource::Kind::env && std::getenv(source->name.c_str()) == nullptr;
  if (of_unit && ::geteuid() == 0) {
    // Root reads the credential from the store, as systemd does; a unit may also load it from elsewhere.
    if (filesystem_.exists(fs::path("/etc/credstore.encrypted") / source->name)) {
      note(key, fmt::format("{} was not checked: {} is encrypted, and only the service can read it", what,
                            source->description()));
      return false;
    }
  } else if (of_unit || of_environment) {
    note(key, fmt::format("{} was not checked: only the service has {} ({} in its unit)", what, source->description(),
                          of_unit ? "LoadCredential=" : "Environment= or EnvironmentFile="));
    return false;
  }
  if (source->kind == SecretSource::Kind::file) {
    if (!check_visible(key, what, source->name) || !check_secret_readable(key, what, source->name, Sharing::none)) {
      return false;
    }
    check_writers(key, what, source->name);
  }
  const auto secret = read(*source);
  if (!secret) {
    warn(key, fmt::format("{} cannot be used: {}", what, in_words(secret.error())));
  }
  return secret.has_value();
}

bool HostFiles::check_closed_secret(const std::string& key, std::string_view what,
                                    const std::optional<SecretSource>& source,
                                    Result<Secret> (*read)(const SecretSource&)) {
  const bool usable = check_secret(key, what, source, read);
  if (source && source->kind == SecretSource::Kind::file) {
    check_readers(key, what, source->name);
  }
  return usable;
}

void HostFiles::check_bundle(const std::string& key, const std::optional<fs::path>& file, certificate::Peer peer) {
  if (!file || !check_visible(key, "the bundle", *file) || !check_readable(key, "the bundle", *file)) {
    return;
  }
  if (const auto bundle = certificate::read_ca_file(filesystem_, *file, peer); !bundle) {
    warn(key, "the bundle cannot be used: " + in_words(bundle.error()));
  }
  const auto text = filesystem_.read(*file, certificate::kCaFileLimit);
  if (text && text->find("PRIVATE KEY-----") != std::string::npos) {
    warn(key, fmt::format("the bundle contains a private key, which does not belong there: {}", file->string()));
  }
}

std::optional<renewal::Validity> HostFiles::check_keystore(const std::string& key, const CertificateSettings& settings,
                                                           const fs::path& state_directory) {
  const state::Generations generations(filesystem_, {state_directory, settings.name});
  const bool password = check_closed_secret(key + ".password", "the keystore's password", settings.keystore.password);
  const bool readable =
      check_secret_readable(key + ".path", "the keystore", settings.keystore.path, Sharing::group_of_directory,
                            filesystem_.exists(settings.keystore.path)
                                ? ""
                                : "; " + state::advice_on_missing(generations, settings.keystore.path));
  if (readable && settings.renew == RenewMode::automatic) {
    const auto replaceable =
        ask_as(user_, [&] { return keystore::check_replaceable(filesystem_, settings.keystore.path); });
    if (!replaceable) {
      warn(key + ".path",
           fmt::format("a renewed keystore could not be installed{}: {}", as_user(), in_words(replaceable.error())));
    }
  }
  check_readers(key + ".path", "the keystore", settings.keystore.path);
  check_keystore_writers(key + ".path", settings.keystore.path);
  check_bundle(key + ".ca_file", settings.keystore.ca_file, certificate::Peer::client);
  if (!password || !readable) {
    return std::nullopt;
  }
  const auto installed = keystore::FileStore(filesystem_, settings.keystore).read();
  if (!installed) {
    warn(key + ".path", in_words(with_advice(installed.error(), state::advice_on_damaged(generations, settings.name))));
    return std::nullopt;
  }
  const auto& certificate = installed->keystore.certificate;
  return renewal::Validity{certificate.not_before(), certificate.not_after()};
}

void HostFiles::check_window(const std::string& key, const CertificateSettings& settings,
                             const renewal::Validity& validity) {
  if (settings.renew == RenewMode::never) {
    return;
  }
  const auto window = validity.not_after - renewal::window_opens(validity, settings.renew_before);
  if (renewal::window_is_shortened(validity, settings.renew_before)) {
    warn(key + ".renew_before",
         fmt::format(
             "`renew_before` is more than half of the certificate's life of {}: the renewal window opens at half "
             "of it, {} before expiry",
             format_duration(validity.not_after - validity.not_before), format_duration(window)));
  }
  const bool windows = !settings.renew_windows.empty() || !settings.activate_windows.empty();
  if (windows && window <= settings.override_windows_before) {
    warn(key + ".override_windows_before",
         fmt::format("maintenance windows never apply to this certificate: its renewal begins {} before expiry, and "
                     "windows are ignored in the last {} (`override_windows_before`)",
                     format_duration(window), format_duration(settings.override_windows_before)));
  }
}

void HostFiles::check_token(const std::string& key, const CertificateSettings& settings,
                            const std::optional<renewal::Validity>& validity) {
  if (settings.renew == RenewMode::never || !settings.token || !check_secret(key, "the token", settings.token)) {
    return;
  }
  const TimePoint needed_at = validity ? renewal::window_opens(*validity, settings.renew_before) : now_;
  for (renewal::TokenFinding& finding : renewal::examine_token(*settings.token, needed_at, now_)) {
    warn(key, finding.message + (finding.advice.empty() ? "" : "; " + finding.advice));
  }
}

void HostFiles::check_certificate(const std::string& key, const CertificateSettings& settings,
                                  const fs::path& state_directory) {
  const auto validity = check_keystore(key + ".keystore", settings, state_directory);
  if (const auto wait = validity ? renewal::wait_for_clock(*validity, now_) : std::nullopt) {
    warn(key + ".keystore.path", wait->message);
  } else if (validity) {
    check_window(key, settings, *validity);
  }
  check_token(key + ".token", settings, validity);
  const auto& probe = settings.gateway.http_probe;
  if (probe && settings.renew == RenewMode::automatic) {
    check_secret(key + ".gateway.verify.http.password", "the health check's password", probe->password,
                 read_basic_password);
  }
}

void HostFiles::check_global(const configuration::Settings& settings) {
  check_bundle("http.ca_file", settings.http.ca_file, certificate::Peer::server);
  check_secret("http.proxy_password", "the proxy's password", settings.http.proxy_password, read_basic_password);
  if (settings.fleet.etcd) {
    check_fleet(*settings.fleet.etcd);
  }
  if (auto why = why_not_own(settings.state_directory, user_ ? user_->id : ::geteuid()); !why.empty()) {
    warn("state_directory", std::move(why));
  }
  const fs::path above = state::nearest_directory(filesystem_, settings.state_directory.parent_path());
  if (const auto trusted = check_trusted(above, user_ ? user_->id : ::geteuid()); !trusted) {
    warn("state_directory", "other users can replace the state directory: " + trusted.error().message);
  }
  // The unit's StateDirectory= creates the default one.
  const bool is_created = settings.state_directory == configuration::Settings().state_directory;
  if (!is_created || filesystem_.exists(settings.state_directory)) {
    check_writable("state_directory", "the progress of renewals could not be stored",
                   state::nearest_directory(filesystem_, settings.state_directory));
    for (const auto& certificate : settings.certificates) {
      const state::StatePaths paths(settings.state_directory, certificate.name);
      for (const auto& directory : {paths.directory(), paths.generations()}) {
        if (certificate.renew == RenewMode::automatic && filesystem_.exists(directory)) {
          check_writable("state_directory", "the progress of renewals could not be stored", directory);
        }
      }
    }
  }
  if (settings.metrics.textfile) {
    check_writable("metrics.textfile", "metrics could not be written", settings.metrics.textfile->parent_path());
  }
  const auto* socket = settings.metrics.listen ? std::get_if<fs::path>(&*settings.metrics.listen) : nullptr;
  if (socket != nullptr && socket->parent_path() != kRuntimeDirectory) {
    check_writable("metrics.listen", "the metrics socket could not be created", socket->parent_path());
  }
}

}  // namespace renewd::preflight
