// The part of check_host() that checks files: keystores, secrets, CA bundles and directories.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "certificate/ca_file.hpp"
#include "core/advice.hpp"
#include "core/file_access.hpp"
#include "core/secret.hpp"
#include "gateway/signal_action.hpp"
#include "preflight/host_check.hpp"
#include "renewal/policy.hpp"

namespace renewd::preflight {

class HostFiles {
 public:
  // `user` is the daemon's; without one, the checks use that of this process. `hides_homes`: home directories are
  // hidden from the daemon.
  HostFiles(std::optional<User> user, bool hides_homes, gateway::OtherProcesses others, TimePoint now)
      : user_(std::move(user)), hides_homes_(hides_homes), other_processes_(others), now_(now) {}

  // `key` is that of the certificate: "certificates[0]".
  void check_certificate(const std::string& key, const configuration::CertificateSettings& settings,
                         const std::filesystem::path& state_directory);
  // Everything outside of `certificates`.
  void check_global(const configuration::Settings& settings);
  void check_configuration(const std::filesystem::path& file);

  // Whether the daemon can read a file. The message begins with `what`: "the log file".
  bool check_readable(const std::string& key, std::string_view what, const std::filesystem::path& path);
  void check_command(const std::string& key, const std::vector<std::string>& argv);
  void check_pid_file(const std::string& key, const std::filesystem::path& pid_file, int signal);

  void warn(const std::string& key, std::string message) {
    findings_.push_back({key, Level::warning, std::move(message)});
  }
  void note(const std::string& key, std::string message) {
    findings_.push_back({key, Level::info, std::move(message)});
  }
  std::vector<HostFinding> take() { return std::move(findings_); }

 private:
  bool check(const std::string& key, std::string_view doing, const std::filesystem::path& path, int mode,
             std::string_view explanation = "");
  // The same for a keystore or a secret: says whose the file is, and how to permit it, or else `otherwise`.
  bool check_secret_readable(const std::string& key, std::string_view what, const std::filesystem::path& path,
                             Sharing sharing, const std::string& otherwise = "");
  std::string as_user() const;  // for messages
  // Whether the file is hidden from the daemon. Not for the keystore: init --permissions makes it visible.
  bool check_visible(const std::string& key, std::string_view what, const std::filesystem::path& path);
  // Whether other users can read the file, or change or replace it.
  void check_readers(const std::string& key, std::string_view what, const std::filesystem::path& file);
  void check_writers(const std::string& key, std::string_view what, const std::filesystem::path& file);
  void check_keystore_writers(const std::string& key, const std::filesystem::path& keystore);
  void check_writable(const std::string& key, std::string_view what, const std::filesystem::path& directory);
  // Whether the secret can be read here and now; true if none is configured.
  bool check_secret(const std::string& key, std::string_view what, const std::optional<SecretSource>& source,
                    Result<Secret> (*read)(const SecretSource&) = read_secret);
  // The same for one that not every user may read. (The token has a check of its own.)
  bool check_closed_secret(const std::string& key, std::string_view what, const std::optional<SecretSource>& source,
                           Result<Secret> (*read)(const SecretSource&) = read_secret);
  void check_bundle(const std::string& key, const std::optional<std::filesystem::path>& file, certificate::Peer peer);
  std::optional<renewal::Validity> check_keystore(const std::string& key,
                                                  const configuration::CertificateSettings& settings,
                                                  const std::filesystem::path& state_directory);
  // Everything under `fleet`.
  void check_fleet(const configuration::EtcdSettings& settings);
  void check_client_certificate(const configuration::EtcdSettings& settings);
  void check_window(const std::string& key, const configuration::CertificateSettings& settings,
                    const renewal::Validity& validity);
  void check_token(const std::string& key, const configuration::CertificateSettings& settings,
                   const std::optional<renewal::Validity>& validity);

  PosixFilesystem filesystem_;
  std::optional<User> user_;
  bool hides_homes_;
  gateway::OtherProcesses other_processes_;
  TimePoint now_;
  std::vector<HostFinding> findings_;
};

}  // namespace renewd::preflight
