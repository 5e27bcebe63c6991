#include "setup/completion.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configuration/unit_names.hpp"
#include "configuration/urls.hpp"
#include "core/http_secrets.hpp"
#include "core/text.hpp"
#include "setup/keystore_look.hpp"
#include "setup/questions.hpp"
#include "setup/unit_names.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAccountPrefix = "https://eu.cloud.gravitee.io/management/accounts/";

class Completing {
 public:
  Completing(const Completion& completion, const Given& given) : completion_(completion), given_(given) {}

  tl::expected<Draft, Incomplete> run(const Survey& survey) {
    std::vector<FoundKeystore> keystores = survey.keystores;
    if (keystores.empty()) {
      if (completion_.person == nullptr) {
        missing("a keystore: no gravitee.yml names one; give the right one with --from FILE");
        return tl::unexpected(std::move(incomplete_));
      }
      completion_.person->tell("No gravitee.yml here names a keystore for Gravitee Cloud.");
      keystores.emplace_back();
    }
    several_ = keystores.size() > 1;
    for (const FoundKeystore& found : keystores) {
      certificate(found);
      if (incomplete_.aborted || !goes_on()) {
        break;
      }
    }
    if (incomplete_.aborted || !incomplete_.reasons.empty()) {
      return tl::unexpected(std::move(incomplete_));
    }
    return std::move(draft_);
  }

 private:
  void missing(std::string what) {
    auto& reasons = incomplete_.reasons;
    if (std::find(reasons.begin(), reasons.end(), what) == reasons.end()) {
      reasons.push_back(std::move(what));
    }
  }

  void tell(const std::string& text) {
    if (completion_.person != nullptr) {
      completion_.person->tell(text);
    }
  }

  // Nothing when the person went away, which ends everything.
  std::optional<std::string> ask(const std::string& question, const std::string& otherwise, const Check& check) {
    auto answer = ask_until_good(*completion_.person, question, otherwise, check);
    incomplete_.aborted = incomplete_.aborted || !answer;
    return answer;
  }

  std::optional<Secret> ask_secret(const std::string& question) {
    auto answer = completion_.person->ask_secret(question);
    incomplete_.aborted = incomplete_.aborted || !answer;
    return answer;
  }

  // The file of a secret beside the configuration; with several certificates each has its own.
  fs::path secret_file(std::string_view what, const CertificateDraft& draft) const {
    return completion_.directory / (several_ ? fmt::format("{}-{}", what, draft.name) : std::string(what));
  }

  void certificate(const FoundKeystore& found) {
    CertificateDraft draft;
    draft.keystore_origin = found.origin;
    draft.keystore_type = found.type;
    if (!found.origin.empty()) {
      tell(fmt::format("\nFound in {}:\n  keystore {}", found.origin,
                       found.path ? printable(found.path->string(), 500) : "(" + found.path_problem + ")"));
    }
    const auto& units = given_.units.empty() ? found.units : given_.units;
    const bool complete = name_it(found, draft) && find_keystore(found, draft) &&
                          find_health_password(found, draft, units) && find_password(found, draft) &&
                          find_account(draft) && find_token(draft) && find_units(found, draft) &&
                          find_health_password(found, draft, draft.units);
    if (!complete) {
      return;
    }
    describe_health(found, draft);
    draft_.certificates.push_back(std::move(draft));
  }

  // Each of these is false when the person went away, or need not be asked any more. What is missing without a person
  // is noted, and the rest goes on.

  bool goes_on() const { return completion_.person == nullptr || incomplete_.reasons.empty(); }

  bool name_it(const FoundKeystore& found, CertificateDraft& draft) {
    std::string name = found.component.empty() ? "gravitee" : found.component;
    const auto taken = [&](const std::string& candidate) {
      return std::any_of(draft_.certificates.begin(), draft_.certificates.end(),
                         [&](const CertificateDraft& other) { return other.name == candidate; });
    };
    for (int i = 2; taken(name); ++i) {
      name = fmt::format("{}-{}", found.component.empty() ? "gravitee" : found.component, i);
    }
    if (completion_.person != nullptr) {
      const auto answer = ask("Name for logs and metrics", name, [&](const std::string& text) {
        return taken(text) ? Answer(tl::unexpected(std::string("is taken"))) : certificate_name(text);
      });
      if (!answer) {
        return false;
      }
      name = *answer;
    }
    draft.name = name;
    return true;
  }

  bool find_keystore(const FoundKeystore& found, CertificateDraft& draft) {
    if (found.path) {
      draft.keystore = *found.path;
      if (!completion_.files.exists(draft.keystore)) {
        draft_.notes.push_back(fmt::format("{}: there is no such file yet; the daemon needs one to renew",
                                           printable(draft.keystore.string(), 500)));
      }
    } else if (completion_.person == nullptr) {
      missing(fmt::format("the path of the keystore: {}; run init on a terminal to type it in", found.path_problem));
    } else {
      const auto answer = ask("Path of the keystore", "", [&](const std::string& text) -> Answer {
        auto path = absolute_path(text);
        return !path || completion_.files.exists(text) ? path : tl::unexpected(std::string("does not exist"));
      });
      if (!answer) {
        return false;
      }
      draft.keystore = *answer;
    }
    if (found.type == "pem") {
      draft_.notes.push_back(
          fmt::format("{}: Gravitee's connector does not take the type PEM; use PKCS12", found.origin));
    } else if (!found.type.empty() && found.type != "pkcs12" && found.type != "jks") {
      draft_.notes.push_back(fmt::format("{}: the type {} is none that is known here", found.origin, found.type));
    }
    return true;
  }

  bool find_password(const FoundKeystore& found, CertificateDraft& draft) {
    if (given_.password_file) {
      draft.password_file = *given_.password_file;
      if (const auto lasts = lasting_file(*given_.password_file); !lasts) {
        missing("the file of --password-file: it " + lasts.error());
      } else if (const auto password = content_of(*given_.password_file)) {
        look(draft, *password);
        if (look_.wrong_password) {
          missing(fmt::format("the file of --password-file: the password in {} does not open the keystore",
                              printable(given_.password_file->string(), 500)));
        }
      } else {
        missing(fmt::format("the file of --password-file: {}", password.error().message));
      }
      return goes_on();
    }
    draft.password_file = secret_file("keystore-password", draft);
    if (stays(*draft.password_file)) {
      return use_password_that_is_there(found, draft);
    }
    if (found.password) {
      look(draft, *found.password);
      if (!look_.wrong_password || completion_.person == nullptr || !completion_.keeps_secrets) {
        draft_.secrets.push_back({*draft.password_file, *found.password});
        return true;
      }
      tell("  The password that Gravitee is given does not open this keystore.");
    } else if (completion_.person == nullptr) {
      missing(
          fmt::format("the password of the keystore: {}; give it with --password-file FILE, or run init on a terminal",
                      found.password_problem));
      return true;
    } else if (!completion_.keeps_secrets) {
      return true;
    } else if (!found.password_problem.empty()) {
      tell(fmt::format("  {}.", found.password_problem));
    }
    return ask_password(draft);
  }

  // Whether a file of a secret exists and nobody may replace it.
  bool stays(const fs::path& file) const {
    return completion_.keeps_secrets && !completion_.replaces && completion_.filesystem.exists(file);
  }

  static Result<Secret> content_of(const fs::path& file) {
    return read_secret({SecretSource::Kind::file, file.string(), {}});
  }

  bool use_password_that_is_there(const FoundKeystore& found, const CertificateDraft& draft) {
    const std::string file = printable(draft.password_file->string(), 500);
    const std::string advice =
        "correct it, name another file with --password-file FILE, or let it be replaced with --force";
    const auto password = content_of(*draft.password_file);
    if (!password) {
      missing(fmt::format("{} exists, and cannot be used: {}; {}", file, password.error().message, advice));
      return goes_on();
    }
    look(draft, *password);
    const bool tried = look_.wrong_password || !look_.description.empty();
    const bool differs = !tried && found.password && found.password->view() != password->view();
    if (look_.wrong_password || differs) {
      missing(fmt::format(
          "{} exists, and {}; {}", file,
          differs ? "has another password in it than gravitee.yml" : "the password in it does not open the keystore",
          advice));
      return goes_on();
    }
    draft_.notes.push_back(file +
                           " exists, and is used as it is; the user that the service runs as must be able to read it");
    return true;
  }

  // The file for the password that gravitee.yml has for the health check, which a unit is verified with: told as soon
  // as the units are known, if it is in the way.
  bool find_health_password(const FoundKeystore& found, const CertificateDraft& draft,
                            const std::vector<std::string>& units) {
    const TechnicalApi& api = found.technical_api;
    const fs::path file = secret_file("health-password", draft);
    const bool is_used = !units.empty() && units.front() != "none" && api.problem.empty() && api.password;
    if (!is_used || !stays(file)) {
      return true;
    }
    const auto present = content_of(file);
    if (!present || present->view() != api.password->view()) {
      missing(
          fmt::format("{} exists, and does not hold the password that gravitee.yml has for the health check; correct "
                      "it, or let it be replaced with --force",
                      printable(file.string(), 500)));
    }
    return goes_on();
  }

  bool ask_password(CertificateDraft& draft) {
    while (true) {
      auto password = ask_secret("Password of the keystore (not shown; empty if it has none): ");
      if (!password) {
        return false;
      }
      look(draft, *password);
      if (look_.wrong_password) {
        tell("  It does not open the keystore.");
        continue;
      }
      if (password->empty()) {
        draft.password_file.reset();
      } else {
        draft_.secrets.push_back({*draft.password_file, std::move(*password)});
      }
      return true;
    }
  }

  void look(const CertificateDraft& draft, const Secret& password) {
    look_ = look_at_keystore(completion_.files, draft.keystore, password);
    if (!look_.description.empty()) {
      tell("  " + look_.description);
    }
    // A person is asked for another password instead.
    if (!look_.problem.empty() && !(look_.wrong_password && completion_.person != nullptr)) {
      draft_.notes.push_back(look_.problem);
    }
  }

  bool find_account(CertificateDraft& draft) {
    const auto check = [](const std::string& text) { return configuration::parse_account_url(text); };
    if (given_.account_url) {
      auto url = check(*given_.account_url);
      if (url) {
        draft.account_url = std::move(*url);
      } else {
        missing("the account URL: --account-url " + url.error());
      }
      return goes_on();
    }
    if (completion_.person == nullptr) {
      missing(
          "the account URL, as the cloud's token dialog shows it (Settings > Account Tokens): give it with "
          "--account-url URL");
      return true;
    }
    std::string otherwise = draft_.certificates.empty() ? "" : draft_.certificates.back().account_url;
    if (otherwise.empty() && !look_.account.empty()) {
      otherwise = std::string(kAccountPrefix) + look_.account;
    }
    tell("The account URL is what the cloud's token dialog shows (Settings > Account Tokens).");
    const auto answer = ask("Account URL", otherwise, check);
    draft.account_url = answer.value_or("");
    return answer.has_value();
  }

  // A token is never replaced: it may be newer than anything that is known here.
  void examine_token(const fs::path& file) {
    if (!completion_.filesystem.exists(file)) {
      return;
    }
    if (const auto token = read_token({SecretSource::Kind::file, file.string(), {}}); !token) {
      draft_.notes.push_back("the account token that is there cannot be used: " + token.error().message);
    }
  }

  bool find_token(CertificateDraft& draft) {
    draft.token_file = given_.token_file.value_or(completion_.directory / "account-token");
    if (const auto lasts = lasting_file(draft.token_file); given_.token_file && !lasts) {
      missing("the file of --token-file: it " + lasts.error());
      return goes_on();
    }
    if (completion_.person == nullptr || given_.token_file) {
      examine_token(draft.token_file);
      return true;
    }
    const auto answer = ask("File of the account token", draft.token_file.string(), lasting_file);
    if (!answer) {
      return false;
    }
    draft.token_file = *answer;
    examine_token(draft.token_file);
    const bool asked_before =
        std::any_of(draft_.certificates.begin(), draft_.certificates.end(),
                    [&](const CertificateDraft& other) { return other.token_file == draft.token_file; });
    if (!completion_.keeps_secrets || asked_before || completion_.filesystem.exists(draft.token_file)) {
      return true;
    }
    return ask_token(draft.token_file);
  }

  bool ask_token(const fs::path& file) {
    while (true) {
      const auto typed = ask_secret("Account token (not shown; empty to store it later): ");
      if (!typed || trimmed(typed->view()).empty()) {
        return typed.has_value();
      }
      auto token = parse_token(typed->view());
      if (token) {
        draft_.secrets.push_back({file, std::move(*token)});
        return true;
      }
      tell(fmt::format("  The token cannot be used: {}.", token.error().message));
    }
  }

  void note_once(std::string text) {
    if (std::find(draft_.notes.begin(), draft_.notes.end(), text) == draft_.notes.end()) {
      draft_.notes.push_back(std::move(text));
    }
  }

  // By its own name: the rule that lets the daemon restart it must hold that one.
  void add_unit(const std::string& given, const FoundKeystore& found, CertificateDraft& draft) {
    if (!configuration::is_unit_name(given)) {
      missing(fmt::format("the unit: {} is not a unit's full name, such as graviteeio-apim-gateway.service",
                          printable(given, 100)));
      return;
    }
    const UnitIdentity unit = identify_unit(completion_.files, given);
    // A unit that was found is there.
    const bool is_found = std::find(found.units.begin(), found.units.end(), given) != found.units.end();
    if (const std::string problem = problem_of(unit); !is_found && !problem.empty()) {
      note_once(problem);
    }
    if (unit.name != given) {
      note_once(fmt::format("{} is an alias of {}, which is written", given, unit.name));
    }
    if (std::find(draft.units.begin(), draft.units.end(), unit.name) == draft.units.end()) {
      draft.units.push_back(unit.name);
    }
  }

  bool find_units(const FoundKeystore& found, CertificateDraft& draft) {
    const auto& units = given_.units.empty() ? found.units : given_.units;
    if (units == std::vector<std::string>{"none"}) {
      return true;
    }
    for (const auto& unit : units) {
      add_unit(unit, found, draft);
    }
    if (!units.empty()) {
      tell(fmt::format("  used by {}", fmt::join(draft.units, ", ")));
      return true;
    }
    if (completion_.person == nullptr) {
      missing(
          "the unit that reads the keystore: no installed unit does; give it with --unit NAME.service, or --unit none");
      return true;
    }
    const auto answer =
        ask("Unit that reads the keystore, to restart it (none: nothing is restarted)", "none", unit_or_none);
    if (answer && *answer != "none") {
      add_unit(*answer, found, draft);
    }
    return answer.has_value();
  }

  void describe_health(const FoundKeystore& found, CertificateDraft& draft) {
    const TechnicalApi& api = found.technical_api;
    draft.health = {api.url, api.username, secret_file("health-password", draft), api.problem};
    if (found.origin.empty()) {
      draft.health = {"http://localhost:18082/_node/health", "admin", secret_file("health-password", draft),
                      "without a gravitee.yml it is not known"};
    }
    if (!draft.units.empty() && draft.health.problem.empty() && api.password && !stays(draft.health.password_file)) {
      draft_.secrets.push_back({draft.health.password_file, *api.password});
    }
  }

  const Completion& completion_;
  const Given& given_;
  bool several_ = false;
  KeystoreLook look_;
  Draft draft_;
  Incomplete incomplete_;
};

}  // namespace

tl::expected<Draft, Incomplete> complete(const Completion& completion, const Survey& survey, const Given& given) {
  return Completing(completion, given).run(survey);
}

}  // namespace renewd::setup
