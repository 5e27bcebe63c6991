#include "setup/secret_files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// A UUID, as the cloud's accounts have.
bool is_account_id(std::string_view name) {
  return name.size() == 36 && name.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

KeystoreLook look_at_keystore(const HostFiles& files, const fs::path& path, const Secret& password) {
  KeystoreLook look;
  if (path.empty() || !files.exists(path)) {
    return look;
  }
  const auto bytes = files.read(path);
  if (!bytes) {
    look.problem = bytes.error().message;
    return look;
  }
  const auto keystore = certificate::open_keystore(*bytes, password);
  if (!keystore) {
    look.wrong_password = keystore.error().problem == certificate::KeystoreProblem::wrong_password;
    look.problem =
        fmt::format("{} cannot be opened: {}", printable(path.string(), 500), printable(keystore.error().message, 500));
    return look;
  }
  const auto& certificate = keystore->certificate;
  if (const std::string name = certificate.common_name(); is_account_id(name)) {
    look.account = name;
  }
  look.description =
      fmt::format("certificate of {}, until {}", certificate.subject(), format_time(certificate.not_after()));
  return look;
}

// Only a unit is verified.
bool verifies_with_password(const FoundKeystore& found, const CertificateDraft& draft) {
  return !draft.units.empty() && found.technical_api.problem.empty() && found.technical_api.password;
}

}  // namespace

Checked<Secret> content_of(const fs::path& file) {
  return read_secret({SecretSource::Kind::file, file.string(), {}}).map_error([](const Error& error) {
    return error.message;
  });
}

fs::path SecretFiles::file_of(std::string_view what, const CertificateDraft& draft) const {
  return completion_.directory / (several_ ? fmt::format("{}-{}", what, draft.name) : std::string(what));
}

bool SecretFiles::stays(const fs::path& file) const {
  return completion_.keeps_secrets && !completion_.replaces && completion_.filesystem.exists(file);
}

void SecretFiles::look(const CertificateDraft& draft, const Secret& password) {
  look_ = look_at_keystore(completion_.files, draft.keystore, password);
  if (!look_.description.empty()) {
    answers_.tell("  " + look_.description);
  }
}

void SecretFiles::note_problem() {
  if (!look_.problem.empty()) {
    draft_.note(look_.problem);
  }
}

Answered<void> SecretFiles::find_keystore_password(const FoundKeystore& found, CertificateDraft& draft) {
  look_ = {};
  if (given_.password_file) {
    return use_given_password(draft);
  }
  draft.password_file = file_of("keystore-password", draft);
  if (stays(*draft.password_file)) {
    return use_password_that_is_there(found, draft);
  }
  if (found.password) {
    look(draft, *found.password);
  }
  if (!completion_.keeps_secrets || (found.password && !look_.wrong_password)) {
    note_problem();
    draft_.secrets.push_back({*draft.password_file, found.password.value_or(Secret())});
    return {};
  }
  return ask_for_password(found, draft);
}

Answered<void> SecretFiles::use_given_password(CertificateDraft& draft) {
  draft.password_file = given_.password_file;
  const auto password = content_of(*given_.password_file);
  if (!password) {
    return {};  // refused before
  }
  look(draft, *password);
  if (look_.wrong_password) {
    return answers_.refuse(fmt::format("the file of --password-file: the password in {} does not open the keystore",
                                       printable(draft.password_file->string(), 500)));
  }
  note_problem();
  return {};
}

Answered<void> SecretFiles::use_password_that_is_there(const FoundKeystore& found, const CertificateDraft& draft) {
  const std::string file = printable(draft.password_file->string(), 500);
  const auto refuse = [&](std::string_view why) {
    return answers_.refuse(fmt::format(
        "{} exists, and {}; correct it, name another file with --password-file FILE, or let it be replaced with "
        "--force",
        file, why));
  };
  const auto password = content_of(*draft.password_file);
  if (!password) {
    return refuse("cannot be used: " + password.error());
  }
  look(draft, *password);
  if (look_.wrong_password) {
    return refuse("the password in it does not open the keystore");
  }
  const bool was_tried = !look_.description.empty();
  if (!was_tried && found.password && found.password->view() != password->view()) {
    return refuse("has another password in it than gravitee.yml");
  }
  note_problem();
  draft_.note(file + " exists, and is used as it is; the user that the service runs as must be able to read it");
  return {};
}

Answered<void> SecretFiles::ask_for_password(const FoundKeystore& found, CertificateDraft& draft) {
  if (found.password) {
    answers_.tell("  The password that Gravitee is given does not open this keystore.");
  } else if (!found.password_problem.empty()) {
    answers_.tell(fmt::format("  {}.", found.password_problem));
  }
  std::string missing = found.password ? std::string()
                                       : fmt::format(
                                             "the password of the keystore: {}; give it with --password-file "
                                             "FILE, or run init on a terminal",
                                             found.password_problem);
  const auto check = [&](Secret password) -> Checked<Secret> {
    look(draft, password);
    return look_.wrong_password ? tl::unexpected(std::string("does not open the keystore"))
                                : Checked<Secret>(std::move(password));
  };
  TRY_LET(auto password, answers_.secret({"Password of the keystore (not shown; empty if it has none)", check,
                                          std::move(missing), found.password.value_or(Secret())}));
  note_problem();
  if (password.empty()) {
    draft.password_file.reset();
  } else {
    draft_.secrets.push_back({*draft.password_file, std::move(password)});
  }
  return {};
}

Answered<void> SecretFiles::find_token(CertificateDraft& draft) {
  draft.token_file = given_.token_file.value_or(completion_.directory / "account-token");
  if (!given_.token_file) {
    TRY_LET(draft.token_file,
            answers_.answer({"File of the account token", draft.token_file.string(), lasting_file, {}}));
  }
  if (completion_.filesystem.exists(draft.token_file)) {
    // It is never replaced: it may be newer than anything that is known here.
    if (const auto token = read_token({SecretSource::Kind::file, draft.token_file.string(), {}}); !token) {
      draft_.note("the account token that is there cannot be used: " + token.error().message);
    }
    return {};
  }
  const bool was_asked =
      std::ranges::any_of(draft_.certificates, [&](const auto& other) { return other.token_file == draft.token_file; });
  return given_.token_file || was_asked || !completion_.keeps_secrets ? Answered<void>() : ask_for_token(draft);
}

Answered<void> SecretFiles::ask_for_token(const CertificateDraft& draft) {
  const auto check = [](const Secret& typed) -> Checked<Secret> {
    if (trimmed(typed.view()).empty()) {
      return Secret();
    }
    return parse_token(typed.view()).map_error([](const Error& error) { return "cannot be used: " + error.message; });
  };
  TRY_LET(auto token, answers_.secret({"Account token (not shown; empty to store it later)", check, {}, {}}));
  if (!token.empty()) {
    draft_.secrets.push_back({draft.token_file, std::move(token)});
  }
  return {};
}

Answered<void> SecretFiles::check_health_password(const FoundKeystore& found, const CertificateDraft& draft) {
  const fs::path file = file_of("health-password", draft);
  if (!verifies_with_password(found, draft) || !stays(file)) {
    return {};
  }
  const auto present = content_of(file);
  if (present && present->view() == found.technical_api.password->view()) {
    return {};
  }
  return answers_.refuse(
      fmt::format("{} exists, and does not hold the password that gravitee.yml has for the health check; correct "
                  "it, or let it be replaced with --force",
                  printable(file.string(), 500)));
}

void SecretFiles::describe_health(const FoundKeystore& found, CertificateDraft& draft) {
  const TechnicalApi& api = found.technical_api;
  draft.health = {api.url, api.username, file_of("health-password", draft), api.problem};
  if (found.origin.empty()) {
    draft.health = {"http://localhost:18082/_node/health", "admin", draft.health.password_file,
                    "without a gravitee.yml it is not known"};
  } else if (verifies_with_password(found, draft) && !stays(draft.health.password_file)) {
    draft_.secrets.push_back({draft.health.password_file, *api.password});
  }
}

}  // namespace renewd::setup
