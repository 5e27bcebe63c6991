// The part of check_host() that looks at files: keystores, secrets, bundles and directories.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "certificate/ca_file.hpp"
#include "core/file_access.hpp"
#include "core/secret.hpp"
#include "gateway/signal_action.hpp"
#include "renewal/host_check.hpp"
#include "renewal/policy.hpp"

namespace renewd::renewal {

class HostFiles {
 public:
  // `user` is the one that the daemon runs as; without one, that of this process. `hides_homes`: it sees no home
  // directory.
  HostFiles(std::optional<User> user, bool hides_homes, gateway::OtherProcesses others, TimePoint now)
      : user_(std::move(user)), hides_homes_(hides_homes), other_processes_(others), now_(now) {}

  // `key` is the certificate's in findings: "certificates[0]".
  void check_certificate(const std::string& key, const configuration::CertificateSettings& settings);
  // All but the certificates.
  void check_rest(const configuration::Settings& settings);
  void check_configuration(const std::filesystem::path& file);

  // Whether the daemon may read a file. `what` begins the message: "the log file".
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
  bool check(const std::string& key, std::string_view doing, const std::filesystem::path& path, int mode);
  std::string as_user() const;  // for messages
  // Whether the daemon sees the file at all. The keystore it does: init --permissions lets it in.
  bool check_seen(const std::string& key, std::string_view what, const std::filesystem::path& path);
  // Who else can read the file, and who else can change it or put another one into its place.
  void check_readers(const std::string& key, std::string_view what, const std::filesystem::path& file);
  void check_writers(const std::string& key, std::string_view what, const std::filesystem::path& file);
  void check_keystore_writers(const std::string& key, const std::filesystem::path& keystore);
  void check_writable(const std::string& key, std::string_view what, const std::filesystem::path& directory);
  // Whether the secret can be read here and now; a missing one (nothing is configured) can.
  bool check_secret(const std::string& key, std::string_view what, const std::optional<SecretSource>& source,
                    Result<Secret> (*read)(const SecretSource&) = read_secret);
  bool check_stored_credential(const std::string& key, std::string_view what, const SecretSource& source,
                               Result<Secret> (*read)(const SecretSource&));
  void check_bundle(const std::string& key, const std::optional<std::filesystem::path>& file, certificate::Peer peer);
  std::optional<Validity> check_keystore(const std::string& key, const configuration::CertificateSettings& settings);
  void check_window(const std::string& key, const configuration::CertificateSettings& settings,
                    const Validity& validity);
  void check_token(const std::string& key, const configuration::CertificateSettings& settings,
                   const std::optional<Validity>& validity);

  PosixFilesystem filesystem_;
  std::optional<User> user_;
  bool hides_homes_;
  gateway::OtherProcesses other_processes_;
  TimePoint now_;
  std::vector<HostFinding> findings_;
};

}  // namespace renewd::renewal
