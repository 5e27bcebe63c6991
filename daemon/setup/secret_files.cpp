#include "setup/secret_files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "certificate/keystore.hpp"
#include "core/add_once.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// The ids of Gravitee Cloud's accounts are UUIDs.
bool is_account_id(std::string_view name) {
  return name.size() == 36 && name.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

KeystoreCheck check_keystore(const HostFiles& files, const fs::path& path, const Secret& password) {
  KeystoreCheck check;
  if (path.empty() || !files.exists(path)) {
    return check;
  }
  const auto bytes = files.read(path);
  if (!bytes) {
    check.problem = bytes.error().message;
    return check;
  }
  const auto keystore = certificate::open_keystore(*bytes, password);
  if (!keystore) {
    check.wrong_password = keystore.error().problem == certificate::KeystoreProblem::wrong_password;
    check.problem = fmt::format("{} cannot be opened: {}", shown(path), printable(keystore.error().message, 500));
    return check;
  }
  const auto& certificate = keystore->certificate;
  if (const std::string name = certificate.common_name(); is_account_id(name)) {
    check.account = name;
  }
  check.description =
      fmt::format("certificate of {}, valid until {}", certificate.subject(), format_time(certificate.not_after()));
  return check;
}

bool needs_health_password(const FoundKeystore& found, const CertificateDraft& draft) {
  return !draft.units.empty() && found.technical_api.problem.empty() && found.technical_api.password;
}

}  // namespace

Validated<Secret> read_secret_file(const fs::path& file) {
  return read_secret({SecretSource::Kind::file, file.string(), {}}).map_error([](const Error& error) {
    return error.message;
  });
}

fs::path SecretFiles::file_of(std::string_view purpose, const CertificateDraft& draft) const {
  return context_.directory / (several_ ? fmt::format("{}-{}", purpose, draft.name) : std::string(purpose));
}

bool SecretFiles::must_keep(const fs::path& file) const {
  return context_.writes_secrets && !context_.overwrites && context_.filesystem.exists(file);
}

void SecretFiles::try_password(const CertificateDraft& draft, const Secret& password) {
  keystore_ = check_keystore(context_.files, draft.keystore, password);
  if (!keystore_.description.empty()) {
    prompt_.show("  " + keystore_.description);
  }
}

void SecretFiles::note_problem() {
  if (!keystore_.problem.empty()) {
    add_once(draft_.notes, keystore_.problem);
  }
}

Answered<void> SecretFiles::find_keystore_password(const FoundKeystore& found, CertificateDraft& draft) {
  keystore_ = {};
  if (given_.password_file) {
    return use_given_password(draft);
  }
  draft.password_file = file_of("keystore-password", draft);
  if (must_keep(*draft.password_file)) {
    return use_existing_password(found, draft);
  }
  if (found.password) {
    try_password(draft, *found.password);
  }
  if (!context_.writes_secrets || (found.password && !keystore_.wrong_password)) {
    note_problem();
    draft_.secrets.push_back({*draft.password_file, found.password.value_or(Secret())});
    return {};
  }
  return ask_for_password(found, draft);
}

Answered<void> SecretFiles::use_given_password(CertificateDraft& draft) {
  draft.password_file = given_.password_file;
  const auto password = read_secret_file(*given_.password_file);
  if (!password) {
    return {};  // has been rejected with the options
  }
  try_password(draft, *password);
  if (keystore_.wrong_password) {
    return prompt_.reject(
        fmt::format("--password-file: the password in {} does not open the keystore", shown(*draft.password_file)));
  }
  note_problem();
  return {};
}

Answered<void> SecretFiles::use_existing_password(const FoundKeystore& found, const CertificateDraft& draft) {
  const std::string file = shown(*draft.password_file);
  const auto reject = [&](std::string_view why) {
    return prompt_.reject(fmt::format(
        "{} exists, but {}; correct it, pass another file with --password-file FILE, or overwrite it with --force",
        file, why));
  };
  const auto password = read_secret_file(*draft.password_file);
  if (!password) {
    return reject("cannot be used: " + password.error());
  }
  try_password(draft, *password);
  if (keystore_.wrong_password) {
    return reject("the password in it does not open the keystore");
  }
  const bool was_tried = !keystore_.description.empty();
  if (!was_tried && found.password && found.password->view() != password->view()) {
    return reject("the password in it differs from the one in gravitee.yml");
  }
  note_problem();
  add_once(draft_.notes, file + " exists and is not changed; make sure that the service's user can read it");
  return {};
}

Answered<void> SecretFiles::ask_for_password(const FoundKeystore& found, CertificateDraft& draft) {
  if (found.password) {
    prompt_.show("  The password in gravitee.yml does not open this keystore.");
  } else if (!found.password_problem.empty()) {
    prompt_.show(fmt::format("  {}.", found.password_problem));
  }
  std::string missing = found.password
                            ? std::string()
                            : fmt::format(
                                  "the password of the keystore: {}; pass it with --password-file FILE, or run "
                                  "init on a terminal",
                                  found.password_problem);
  const auto validate = [&](const Secret& password) -> Validated<Secret> {
    try_password(draft, password);
    return keystore_.wrong_password ? tl::unexpected(std::string("does not open the keystore"))
                                    : Validated<Secret>(password);
  };
  TRY_LET(auto password, prompt_.ask_secret({"Password of the keystore (not shown; empty if it has none)",
                                             found.password.value_or(Secret()), validate, std::move(missing)}));
  note_problem();
  if (password.empty()) {
    draft.password_file.reset();
  } else {
    draft_.secrets.push_back({*draft.password_file, std::move(password)});
  }
  return {};
}

Answered<void> SecretFiles::find_token(CertificateDraft& draft) {
  draft.token_file = given_.token_file.value_or(context_.directory / "account-token");
  if (!given_.token_file) {
    TRY_LET(draft.token_file,
            prompt_.ask({"File of the account token", draft.token_file.string(), permanent_file, {}}));
  }
  if (context_.filesystem.exists(draft.token_file)) {
    // Never overwritten, not even with --force: nobody else may have this token.
    if (const auto token = read_token({SecretSource::Kind::file, draft.token_file.string(), {}}); !token) {
      add_once(draft_.notes, "the existing account token cannot be used: " + token.error().message);
    }
    return {};
  }
  const bool was_asked =
      std::ranges::any_of(draft_.certificates, [&](const auto& other) { return other.token_file == draft.token_file; });
  return given_.token_file || was_asked || !context_.writes_secrets ? Answered<void>() : ask_for_token(draft);
}

Answered<void> SecretFiles::ask_for_token(const CertificateDraft& draft) {
  const auto validate = [](const Secret& typed) -> Validated<Secret> {
    if (trimmed(typed.view()).empty()) {
      return Secret();
    }
    return parse_token(typed.view()).map_error([](const Error& error) { return "cannot be used: " + error.message; });
  };
  TRY_LET(auto token, prompt_.ask_secret({"Account token (not shown; empty to store it later)", {}, validate, {}}));
  if (!token.empty()) {
    draft_.secrets.push_back({draft.token_file, std::move(token)});
  }
  return {};
}

Answered<void> SecretFiles::check_health_password(const FoundKeystore& found, const CertificateDraft& draft) {
  const fs::path file = file_of("health-password", draft);
  if (!needs_health_password(found, draft) || !must_keep(file)) {
    return {};
  }
  const auto present = read_secret_file(file);
  if (present && present->view() == found.technical_api.password->view()) {
    return {};
  }
  return prompt_.reject(fmt::format(
      "{} exists, but does not contain the password that gravitee.yml has for the health check; correct it, "
      "or overwrite it with --force",
      shown(file)));
}

void SecretFiles::describe_health(const FoundKeystore& found, CertificateDraft& draft) {
  const TechnicalApi& api = found.technical_api;
  draft.health = {api.url, api.username, file_of("health-password", draft), api.problem};
  if (found.origin.empty()) {
    draft.health = {"http://localhost:18082/_node/health", "admin", draft.health.password_file,
                    "unknown without a gravitee.yml"};
  } else if (needs_health_password(found, draft) && !must_keep(draft.health.password_file)) {
    draft_.secrets.push_back({draft.health.password_file, *api.password});
  }
}

}  // namespace renewd::setup
