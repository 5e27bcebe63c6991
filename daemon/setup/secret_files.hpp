// The files of secrets beside a configuration: checks those that exist, and collects the content of the others.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "setup/completion.hpp"

namespace renewd::setup {

// The result of opening a keystore with a password.
struct KeystoreCheck {
  std::string account;      // the certificate's common name, if it is an account id
  std::string description;  // of the certificate; empty when the keystore was not opened
  std::string problem;      // why it could not be opened; empty when there is no such file
  bool wrong_password = false;
};

// Handles one certificate after the other. The arguments must outlive the object; notes and secrets go to `draft`.
class SecretFiles {
 public:
  SecretFiles(const CompletionContext& context, const GivenOptions& given, bool several, Prompt& prompt, Draft& draft)
      : context_(context), given_(given), several_(several), prompt_(prompt), draft_(draft) {}

  // Needs `draft.name` and `draft.keystore`. Opens the keystore with the password, if there is one.
  Answered<void> find_keystore_password(const FoundKeystore& found, CertificateDraft& draft);
  // The account that the last opened keystore belongs to; empty when unknown.
  const std::string& account() const { return keystore_.account; }
  Answered<void> find_token(CertificateDraft& draft);
  // Rejects an existing password file with another password than gravitee.yml has for the health check. Needs
  // `draft.units`: only a unit is verified with the password.
  Answered<void> check_health_password(const FoundKeystore& found, const CertificateDraft& draft);
  void describe_health(const FoundKeystore& found, CertificateDraft& draft);

 private:
  // Each of several certificates has its own.
  std::filesystem::path file_of(std::string_view purpose, const CertificateDraft& draft) const;
  // Whether a file exists and must not be overwritten.
  bool must_keep(const std::filesystem::path& file) const;
  void try_password(const CertificateDraft& draft, const Secret& password);
  void note_problem();
  Answered<void> use_given_password(CertificateDraft& draft);
  Answered<void> use_existing_password(const FoundKeystore& found, const CertificateDraft& draft);
  Answered<void> ask_for_password(const FoundKeystore& found, CertificateDraft& draft);
  Answered<void> ask_for_token(const CertificateDraft& draft);

  const CompletionContext& context_;
  const GivenOptions& given_;
  bool several_;
  Prompt& prompt_;
  Draft& draft_;
  KeystoreCheck keystore_;
};

// The secret in a file, or why it cannot be used.
Validated<Secret> read_secret_file(const std::filesystem::path& file);

}  // namespace renewd::setup
