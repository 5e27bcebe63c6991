#include "setup/completion.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configuration/names.hpp"
#include "configuration/urls.hpp"
#include "core/add_once.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/secret_files.hpp"
#include "setup/unit_names.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// Each region has its own.
constexpr std::string_view kAccountUrl = "https://{}.cloud.gravitee.io/management/accounts/{}";

class DraftBuilder {
 public:
  DraftBuilder(const CompletionContext& context, GivenOptions given, Prompt& prompt)
      : context_(context), given_(std::move(given)), prompt_(prompt) {
    if (given_.units == std::vector<std::string>{"none"}) {
      given_.units.clear();
      without_unit_ = true;
    }
  }

  Answered<Draft> run(const Survey& survey) {
    TRY(check_options());
    std::vector<FoundKeystore> keystores = survey.keystores;
    if (keystores.empty()) {
      prompt_.show("No gravitee.yml on this host configures a keystore for Gravitee Cloud.");
      keystores.emplace_back();
    }
    secrets_.emplace(context_, given_, keystores.size() > 1, prompt_, draft_);
    for (const FoundKeystore& found : keystores) {
      TRY_LET(auto draft, certificate(found));
      draft_.certificates.push_back(std::move(draft));
    }
    TRY(prompt_.check_complete());
    return std::move(draft_);
  }

 private:
  template <typename T>
  Answered<void> require(const Validated<T>& validated, std::string_view subject) {
    return validated ? Answered<void>() : prompt_.reject(fmt::format("{} {}", subject, validated.error()));
  }

  // Before the first question, because no answer can correct an option.
  Answered<void> check_options() {
    if (given_.account_url) {
      const auto url = configuration::parse_account_url(*given_.account_url);
      TRY(require(url, "--account-url"));
      given_.account_url = url.value_or("");
    }
    if (given_.token_file) {
      TRY(require(permanent_file(given_.token_file->string()), "--token-file"));
    }
    if (given_.password_file) {
      const auto file = permanent_file(given_.password_file->string());
      TRY(file ? require(read_secret_file(*given_.password_file), "--password-file:")
               : require(file, "--password-file"));
    }
    for (const std::string& unit : given_.units) {
      TRY(require(full_unit_name(unit), fmt::format("--unit {}", printable(unit, 100))));
    }
    return {};
  }

  Answered<CertificateDraft> certificate(const FoundKeystore& found) {
    CertificateDraft draft;
    draft.keystore_origin = found.origin;
    draft.keystore_type = found.type;
    if (!found.origin.empty()) {
      prompt_.show(fmt::format("\nFound in {}:\n  keystore {}", found.origin,
                               found.path ? shown(*found.path) : "(" + found.path_problem + ")"));
    }
    const bool has_units = take_units(found, draft);
    TRY(choose_name(found, draft));
    TRY(find_keystore(found, draft));
    TRY(secrets_->check_health_password(found, draft));
    TRY(secrets_->find_keystore_password(found, draft));
    TRY(find_account(found, draft));
    TRY(secrets_->find_token(draft));
    if (!has_units) {
      TRY(ask_for_unit(draft));
      TRY(secrets_->check_health_password(found, draft));
    }
    secrets_->describe_health(found, draft);
    if (found.log && std::ranges::find(draft.units, found.log->unit) != draft.units.end()) {
      draft.log = found.log;
    }
    return draft;
  }

  Answered<void> choose_name(const FoundKeystore& found, CertificateDraft& draft) {
    const auto is_taken = [&](const std::string& name) {
      return std::ranges::any_of(draft_.certificates, [&](const auto& other) { return other.name == name; });
    };
    const std::string base = found.component.empty() ? "gravitee" : found.component;
    std::string name = base;
    for (int i = 2; is_taken(name); ++i) {
      name = fmt::format("{}-{}", base, i);
    }
    const auto validate = [&](const std::string& text) {
      return is_taken(text) ? Validated<std::string>(tl::unexpected(std::string("is already in use")))
                            : configuration::parse_certificate_name(text);
    };
    TRY_LET(draft.name, prompt_.ask({"Name for logs and metrics", name, validate, {}}));
    return {};
  }

  Answered<void> find_keystore(const FoundKeystore& found, CertificateDraft& draft) {
    if (found.type == "pem") {
      add_once(draft_.notes,
               fmt::format("{}: Gravitee's connector does not support the type PEM; use PKCS12", found.origin));
    } else if (!found.type.empty() && found.type != "pkcs12" && found.type != "jks") {
      add_once(draft_.notes, fmt::format("{}: the type {} is not supported", found.origin, found.type));
    }
    if (found.path) {
      draft.keystore = *found.path;
      if (!context_.files.exists(draft.keystore)) {
        add_once(draft_.notes, fmt::format("{} does not exist yet; the daemon can only renew an existing keystore",
                                           shown(draft.keystore)));
      }
      return {};
    }
    const auto validate = [&](const std::string& text) {
      auto path = absolute_path(text);
      return !path || context_.files.exists(text) ? path : tl::unexpected(std::string("does not exist"));
    };
    const std::string missing =
        found.origin.empty()
            ? "the keystore: no gravitee.yml configures one; pass the right gravitee.yml with --from FILE"
            : fmt::format("the path of the keystore: {}; run init on a terminal to enter it", found.path_problem);
    TRY_LET(draft.keystore, prompt_.ask({"Path of the keystore", "", validate, missing}));
    // Without a gravitee.yml, report nothing else as missing: the right one may have it.
    return found.origin.empty() ? prompt_.check_complete() : Answered<void>();
  }

  Answered<void> find_account(const FoundKeystore& found, CertificateDraft& draft) {
    if (given_.account_url) {
      draft.account_url = *given_.account_url;
      return {};
    }
    std::string suggestion = draft_.certificates.empty() ? "" : draft_.certificates.back().account_url;
    const std::string& account = secrets_->account();
    const std::string form = fmt::format(kAccountUrl, found.region.empty() ? "REGION" : found.region,
                                         account.empty() ? "ACCOUNT-ID" : account);
    if (suggestion.empty() && !found.region.empty() && !account.empty()) {
      suggestion = form;
    }
    prompt_.show("Gravitee Cloud shows the account URL in the token dialog (Settings > Account Tokens)" +
                 (suggestion.empty() ? ":\n    " + form : "."));
    TRY_LET(draft.account_url,
            prompt_.ask({"Account URL", suggestion, configuration::parse_account_url,
                         fmt::format("the account URL, as Gravitee Cloud shows it in the token dialog (Settings > "
                                     "Account Tokens), {}: pass it with --account-url URL",
                                     form)}));
    return {};
  }

  // Writes a unit's own name, because polkit knows no aliases.
  void add_unit(const std::string& name, bool is_found, CertificateDraft& draft) {
    const UnitIdentity unit = identify_unit(context_.files, name);
    if (std::string problem = problem_of(unit); !is_found && !problem.empty()) {
      add_once(draft_.notes, std::move(problem));
    }
    if (unit.name != name) {
      add_once(draft_.notes, fmt::format("{} is an alias of {}; the configuration uses the latter", name, unit.name));
    }
    add_once(draft.units, unit.name);
  }

  // The units of the options, or else those of the survey. False when the unit must be asked for.
  bool take_units(const FoundKeystore& found, CertificateDraft& draft) {
    if (without_unit_) {
      return true;
    }
    for (const auto& unit : given_.units.empty() ? found.units : given_.units) {
      add_unit(unit, std::ranges::find(found.units, unit) != found.units.end(), draft);
    }
    if (draft.units.empty()) {
      return false;
    }
    prompt_.show(fmt::format("  used by {}", fmt::join(draft.units, ", ")));
    return true;
  }

  Answered<void> ask_for_unit(CertificateDraft& draft) {
    const auto validate = [](const std::string& text) {
      return text == "none" ? Validated<std::string>(text) : full_unit_name(text);
    };
    TRY_LET(const std::string unit,
            prompt_.ask({"Unit that reads the keystore, to restart it (none: restart nothing)", "none", validate,
                         "the unit that reads the keystore: no installed unit does; pass it with --unit NAME.service, "
                         "or --unit none"}));
    if (unit != "none") {
      add_unit(unit, false, draft);
    }
    return {};
  }

  const CompletionContext& context_;
  GivenOptions given_;
  bool without_unit_ = false;
  Prompt& prompt_;
  Draft draft_;
  std::optional<SecretFiles> secrets_;
};

}  // namespace

Answered<Draft> complete(const CompletionContext& context, const Survey& survey, const GivenOptions& given,
                         Prompt& prompt) {
  return DraftBuilder(context, given, prompt).run(survey);
}

}  // namespace renewd::setup
