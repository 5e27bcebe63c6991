#include "setup/completion.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configuration/urls.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/keystore_look.hpp"
#include "setup/unit_names.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAccountPrefix = "https://eu.cloud.gravitee.io/management/accounts/";

Checked<Secret> content_of(const fs::path& file) {
  return read_secret({SecretSource::Kind::file, file.string(), {}}).map_error([](const Error& error) {
    return error.message;
  });
}

class Completing {
 public:
  Completing(const Completion& completion, Given given, Answers& answers)
      : completion_(completion), given_(std::move(given)), answers_(answers) {
    if (given_.units == std::vector<std::string>{"none"}) {
      given_.units.clear();
      without_unit_ = true;
    }
  }

  Answered<Draft> run(const Survey& survey) {
    TRY(check_given());
    std::vector<FoundKeystore> keystores = survey.keystores;
    if (keystores.empty()) {
      answers_.tell("No gravitee.yml here names a keystore for Gravitee Cloud.");
      keystores.emplace_back();
    }
    several_ = keystores.size() > 1;
    for (const FoundKeystore& found : keystores) {
      TRY_LET(auto draft, certificate(found));
      draft_.certificates.push_back(std::move(draft));
    }
    TRY(answers_.settled());
    return std::move(draft_);
  }

 private:
  void note(std::string text) {
    if (std::find(draft_.notes.begin(), draft_.notes.end(), text) == draft_.notes.end()) {
      draft_.notes.push_back(std::move(text));
    }
  }

  template <typename T>
  Answered<void> require(const Checked<T>& checked, std::string_view what) {
    return checked ? Answered<void>() : answers_.refuse(fmt::format("{} {}", what, checked.error()));
  }

  // Before the first question, since no answer helps where an option is wrong.
  Answered<void> check_given() {
    if (given_.account_url) {
      const auto url = configuration::parse_account_url(*given_.account_url);
      TRY(require(url, "the account URL: --account-url"));
      given_.account_url = url.value_or("");
    }
    if (given_.token_file) {
      TRY(require(lasting_file(given_.token_file->string()), "the file of --token-file: it"));
    }
    if (given_.password_file) {
      TRY(check_given_password(*given_.password_file));
    }
    for (const std::string& unit : given_.units) {
      TRY(require(full_unit_name(unit), fmt::format("the unit: {}", printable(unit, 100))));
    }
    return {};
  }

  Answered<void> check_given_password(const fs::path& file) {
    if (const auto lasting = lasting_file(file.string()); !lasting) {
      return require(lasting, "the file of --password-file: it");
    }
    auto content = content_of(file);
    TRY(require(content, "the file of --password-file:"));
    if (content) {
      given_password_ = std::move(*content);
    }
    return {};
  }

  Answered<CertificateDraft> certificate(const FoundKeystore& found) {
    CertificateDraft draft;
    draft.keystore_origin = found.origin;
    draft.keystore_type = found.type;
    look_ = {};
    if (!found.origin.empty()) {
      answers_.tell(fmt::format("\nFound in {}:\n  keystore {}", found.origin,
                                found.path ? printable(found.path->string(), 500) : "(" + found.path_problem + ")"));
    }
    const bool units_are_known = take_units(found, draft);
    TRY(name_it(found, draft));
    TRY(find_keystore(found, draft));
    TRY(check_health_password(found, draft));
    TRY(find_password(found, draft));
    TRY(find_account(draft));
    TRY(find_token(draft));
    if (!units_are_known) {
      TRY(ask_for_unit(draft));
      TRY(check_health_password(found, draft));
    }
    describe_health(found, draft);
    return draft;
  }

  Answered<void> name_it(const FoundKeystore& found, CertificateDraft& draft) {
    const auto is_taken = [&](const std::string& name) {
      return std::ranges::any_of(draft_.certificates, [&](const auto& other) { return other.name == name; });
    };
    const std::string base = found.component.empty() ? "gravitee" : found.component;
    std::string name = base;
    for (int i = 2; is_taken(name); ++i) {
      name = fmt::format("{}-{}", base, i);
    }
    const auto check = [&](const std::string& text) {
      return is_taken(text) ? Checked<std::string>(tl::unexpected(std::string("is taken"))) : certificate_name(text);
    };
    TRY_LET(draft.name, answers_.answer({"Name for logs and metrics", name, check, {}}));
    return {};
  }

  Answered<void> find_keystore(const FoundKeystore& found, CertificateDraft& draft) {
    if (found.type == "pem") {
      note(fmt::format("{}: Gravitee's connector does not take the type PEM; use PKCS12", found.origin));
    } else if (!found.type.empty() && found.type != "pkcs12" && found.type != "jks") {
      note(fmt::format("{}: the type {} is not supported", found.origin, found.type));
    }
    if (found.path) {
      draft.keystore = *found.path;
      if (!completion_.files.exists(draft.keystore)) {
        note(fmt::format("{}: there is no such file yet; the daemon needs one to renew",
                         printable(draft.keystore.string(), 500)));
      }
      return {};
    }
    const auto check = [&](const std::string& text) {
      auto path = absolute_path(text);
      return !path || completion_.files.exists(text) ? path : tl::unexpected(std::string("does not exist"));
    };
    const std::string missing =
        found.origin.empty()
            ? "a keystore: no gravitee.yml names one; give the right one with --from FILE"
            : fmt::format("the path of the keystore: {}; run init on a terminal to type it in", found.path_problem);
    TRY_LET(draft.keystore, answers_.answer({"Path of the keystore", "", check, missing}));
    // Of a keystore that nothing names, nothing else is missing: the right gravitee.yml may say it.
    return found.origin.empty() ? answers_.settled() : Answered<void>();
  }

  // The file of a secret beside the configuration; with several certificates each has its own.
  fs::path secret_file(std::string_view what, const CertificateDraft& draft) const {
    return completion_.directory / (several_ ? fmt::format("{}-{}", what, draft.name) : std::string(what));
  }

  // Whether a file of a secret exists and nobody may replace it.
  bool stays(const fs::path& file) const {
    return completion_.keeps_secrets && !completion_.replaces && completion_.filesystem.exists(file);
  }

  void look(const CertificateDraft& draft, const Secret& password) {
    look_ = look_at_keystore(completion_.files, draft.keystore, password);
    if (!look_.description.empty()) {
      answers_.tell("  " + look_.description);
    }
  }

  void note_problem() {
    if (!look_.problem.empty()) {
      note(look_.problem);
    }
  }

  Answered<void> find_password(const FoundKeystore& found, CertificateDraft& draft) {
    if (given_.password_file) {
      return use_given_password(draft);
    }
    draft.password_file = secret_file("keystore-password", draft);
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

  Answered<void> use_given_password(CertificateDraft& draft) {
    draft.password_file = given_.password_file;
    if (!given_password_) {
      return {};
    }
    look(draft, *given_password_);
    if (look_.wrong_password) {
      return answers_.refuse(fmt::format("the file of --password-file: the password in {} does not open the keystore",
                                         printable(draft.password_file->string(), 500)));
    }
    note_problem();
    return {};
  }

  Answered<void> use_password_that_is_there(const FoundKeystore& found, const CertificateDraft& draft) {
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
    note(file + " exists, and is used as it is; the user that the service runs as must be able to read it");
    return {};
  }

  Answered<void> ask_for_password(const FoundKeystore& found, CertificateDraft& draft) {
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

  Answered<void> find_account(CertificateDraft& draft) {
    if (given_.account_url) {
      draft.account_url = *given_.account_url;
      return {};
    }
    std::string suggestion = draft_.certificates.empty() ? "" : draft_.certificates.back().account_url;
    if (suggestion.empty() && !look_.account.empty()) {
      suggestion = std::string(kAccountPrefix) + look_.account;
    }
    answers_.tell("The account URL is what the cloud's token dialog shows (Settings > Account Tokens).");
    TRY_LET(draft.account_url,
            answers_.answer({"Account URL", suggestion, configuration::parse_account_url,
                             "the account URL, as the cloud's token dialog shows it (Settings > Account Tokens): give "
                             "it with --account-url URL"}));
    return {};
  }

  Answered<void> find_token(CertificateDraft& draft) {
    draft.token_file = given_.token_file.value_or(completion_.directory / "account-token");
    if (!given_.token_file) {
      TRY_LET(draft.token_file,
              answers_.answer({"File of the account token", draft.token_file.string(), lasting_file, {}}));
    }
    if (completion_.filesystem.exists(draft.token_file)) {
      // It is never replaced: it may be newer than anything that is known here.
      if (const auto token = read_token({SecretSource::Kind::file, draft.token_file.string(), {}}); !token) {
        note("the account token that is there cannot be used: " + token.error().message);
      }
      return {};
    }
    const bool was_asked = std::ranges::any_of(draft_.certificates,
                                               [&](const auto& other) { return other.token_file == draft.token_file; });
    return given_.token_file || was_asked || !completion_.keeps_secrets ? Answered<void>() : ask_for_token(draft);
  }

  Answered<void> ask_for_token(const CertificateDraft& draft) {
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

  // By its own name: the rule that lets the daemon restart it must hold that one.
  void add_unit(const std::string& name, bool is_found, CertificateDraft& draft) {
    const UnitIdentity unit = identify_unit(completion_.files, name);
    // A unit that was found is there.
    if (const std::string problem = problem_of(unit); !is_found && !problem.empty()) {
      note(problem);
    }
    if (unit.name != name) {
      note(fmt::format("{} is an alias of {}, which is written", name, unit.name));
    }
    if (std::find(draft.units.begin(), draft.units.end(), unit.name) == draft.units.end()) {
      draft.units.push_back(unit.name);
    }
  }

  // The units of the options, or else those that were found; false when there is none.
  bool take_units(const FoundKeystore& found, CertificateDraft& draft) {
    if (without_unit_) {
      return true;
    }
    for (const auto& unit : given_.units.empty() ? found.units : given_.units) {
      add_unit(unit, std::find(found.units.begin(), found.units.end(), unit) != found.units.end(), draft);
    }
    if (draft.units.empty()) {
      return false;
    }
    answers_.tell(fmt::format("  used by {}", fmt::join(draft.units, ", ")));
    return true;
  }

  Answered<void> ask_for_unit(CertificateDraft& draft) {
    const auto check = [](const std::string& text) {
      return text == "none" ? Checked<std::string>(text) : full_unit_name(text);
    };
    TRY_LET(const std::string unit,
            answers_.answer({"Unit that reads the keystore, to restart it (none: nothing is restarted)", "none", check,
                             "the unit that reads the keystore: no installed unit does; give it with --unit "
                             "NAME.service, or --unit none"}));
    if (unit != "none") {
      add_unit(unit, false, draft);
    }
    return {};
  }

  static bool verifies_with_password(const FoundKeystore& found, const CertificateDraft& draft) {
    return !draft.units.empty() && found.technical_api.problem.empty() && found.technical_api.password;
  }

  // The file for the password that gravitee.yml has for the health check may be in the way: told as soon as the units
  // are known, which are verified with it.
  Answered<void> check_health_password(const FoundKeystore& found, const CertificateDraft& draft) {
    const fs::path file = secret_file("health-password", draft);
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

  void describe_health(const FoundKeystore& found, CertificateDraft& draft) {
    const TechnicalApi& api = found.technical_api;
    draft.health = {api.url, api.username, secret_file("health-password", draft), api.problem};
    if (found.origin.empty()) {
      draft.health = {"http://localhost:18082/_node/health", "admin", draft.health.password_file,
                      "without a gravitee.yml it is not known"};
    } else if (verifies_with_password(found, draft) && !stays(draft.health.password_file)) {
      draft_.secrets.push_back({draft.health.password_file, *api.password});
    }
  }

  const Completion& completion_;
  Given given_;
  std::optional<Secret> given_password_;
  bool without_unit_ = false;
  Answers& answers_;
  bool several_ = false;
  KeystoreLook look_;
  Draft draft_;
};

}  // namespace

Answered<Draft> complete(const Completion& completion, const Survey& survey, const Given& given, Answers& answers) {
  return Completing(completion, given, answers).run(survey);
}

}  // namespace renewd::setup
