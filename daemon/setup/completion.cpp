#include "setup/completion.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configuration/urls.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/secret_files.hpp"
#include "setup/unit_names.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAccountPrefix = "https://eu.cloud.gravitee.io/management/accounts/";

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
    secrets_.emplace(completion_, given_, keystores.size() > 1, answers_, draft_);
    for (const FoundKeystore& found : keystores) {
      TRY_LET(auto draft, certificate(found));
      draft_.certificates.push_back(std::move(draft));
    }
    TRY(answers_.settled());
    return std::move(draft_);
  }

 private:
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
      const auto lasting = lasting_file(given_.password_file->string());
      TRY(lasting ? require(content_of(*given_.password_file), "the file of --password-file:")
                  : require(lasting, "the file of --password-file: it"));
    }
    for (const std::string& unit : given_.units) {
      TRY(require(full_unit_name(unit), fmt::format("the unit: {}", printable(unit, 100))));
    }
    return {};
  }

  Answered<CertificateDraft> certificate(const FoundKeystore& found) {
    CertificateDraft draft;
    draft.keystore_origin = found.origin;
    draft.keystore_type = found.type;
    if (!found.origin.empty()) {
      answers_.tell(fmt::format("\nFound in {}:\n  keystore {}", found.origin,
                                found.path ? printable(found.path->string(), 500) : "(" + found.path_problem + ")"));
    }
    const bool units_are_known = take_units(found, draft);
    TRY(name_it(found, draft));
    TRY(find_keystore(found, draft));
    TRY(secrets_->check_health_password(found, draft));
    TRY(secrets_->find_keystore_password(found, draft));
    TRY(find_account(draft));
    TRY(secrets_->find_token(draft));
    if (!units_are_known) {
      TRY(ask_for_unit(draft));
      TRY(secrets_->check_health_password(found, draft));
    }
    secrets_->describe_health(found, draft);
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
      draft_.note(fmt::format("{}: Gravitee's connector does not take the type PEM; use PKCS12", found.origin));
    } else if (!found.type.empty() && found.type != "pkcs12" && found.type != "jks") {
      draft_.note(fmt::format("{}: the type {} is not supported", found.origin, found.type));
    }
    if (found.path) {
      draft.keystore = *found.path;
      if (!completion_.files.exists(draft.keystore)) {
        draft_.note(fmt::format("{}: there is no such file yet; the daemon needs one to renew",
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

  Answered<void> find_account(CertificateDraft& draft) {
    if (given_.account_url) {
      draft.account_url = *given_.account_url;
      return {};
    }
    std::string suggestion = draft_.certificates.empty() ? "" : draft_.certificates.back().account_url;
    if (suggestion.empty() && !secrets_->account().empty()) {
      suggestion = std::string(kAccountPrefix) + secrets_->account();
    }
    answers_.tell("The account URL is what the cloud's token dialog shows (Settings > Account Tokens).");
    TRY_LET(draft.account_url,
            answers_.answer({"Account URL", suggestion, configuration::parse_account_url,
                             "the account URL, as the cloud's token dialog shows it (Settings > Account Tokens): give "
                             "it with --account-url URL"}));
    return {};
  }

  // By its own name: the rule that lets the daemon restart it must hold that one.
  void add_unit(const std::string& name, bool is_found, CertificateDraft& draft) {
    const UnitIdentity unit = identify_unit(completion_.files, name);
    // A unit that was found is there.
    if (const std::string problem = problem_of(unit); !is_found && !problem.empty()) {
      draft_.note(problem);
    }
    if (unit.name != name) {
      draft_.note(fmt::format("{} is an alias of {}, which is written", name, unit.name));
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

  const Completion& completion_;
  Given given_;
  bool without_unit_ = false;
  Answers& answers_;
  Draft draft_;
  std::optional<SecretFiles> secrets_;
};

}  // namespace

Answered<Draft> complete(const Completion& completion, const Survey& survey, const Given& given, Answers& answers) {
  return Completing(completion, given, answers).run(survey);
}

}  // namespace renewd::setup
