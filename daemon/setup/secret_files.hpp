// The files of secrets beside a configuration: what is in those that exist already, and what is to be written into the
// others.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "setup/completion.hpp"

namespace renewd::setup {

// Whether a password opens the keystore, and whose it is.
struct KeystoreLook {
  std::string account;      // its common name, when that looks like an account id
  std::string description;  // for people; empty when it could not be opened
  std::string problem;      // why not; empty when it could, and when there is no such file
  bool wrong_password = false;
};

// For one certificate after the other. All that is given must outlive the object; notes and secrets go to `draft`.
class SecretFiles {
 public:
  SecretFiles(const Completion& completion, const Given& given, bool several, Answers& answers, Draft& draft)
      : completion_(completion), given_(given), several_(several), answers_(answers), draft_(draft) {}

  // With `draft.name` and `draft.keystore` known. Opens the keystore with the password, if there is one.
  Answered<void> find_keystore_password(const FoundKeystore& found, CertificateDraft& draft);
  // The account that the keystore, opened last, is of; empty when it could not be told.
  const std::string& account() const { return look_.account; }
  Answered<void> find_token(CertificateDraft& draft);
  // The file for the password that gravitee.yml has for the health check may be in the way: to be told as soon as the
  // units are known, which are verified with it.
  Answered<void> check_health_password(const FoundKeystore& found, const CertificateDraft& draft);
  void describe_health(const FoundKeystore& found, CertificateDraft& draft);

 private:
  // With several certificates each has its own.
  std::filesystem::path file_of(std::string_view what, const CertificateDraft& draft) const;
  // Whether a file exists and nobody may replace it.
  bool stays(const std::filesystem::path& file) const;
  void look(const CertificateDraft& draft, const Secret& password);
  void note_problem();
  Answered<void> use_given_password(CertificateDraft& draft);
  Answered<void> use_password_that_is_there(const FoundKeystore& found, const CertificateDraft& draft);
  Answered<void> ask_for_password(const FoundKeystore& found, CertificateDraft& draft);
  Answered<void> ask_for_token(const CertificateDraft& draft);

  const Completion& completion_;
  const Given& given_;
  bool several_;
  Answers& answers_;
  Draft& draft_;
  KeystoreLook look_;
};

// What the file of a secret holds, or why it cannot be used.
Checked<Secret> content_of(const std::filesystem::path& file);

}  // namespace renewd::setup
