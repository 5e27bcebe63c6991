#include "setup/survey.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/gravitee_settings.hpp"
#include "setup/gravitee_units.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// Newest first. The last is the bridge client's, which a hybrid gateway of version 3 uses.
constexpr std::string_view kBridge = "management.http.ssl.keystore";
constexpr std::array<std::string_view, 4> kSpellings{"cloud.connector.ws.ssl.keystore",
                                                     "cockpit.connector.ws.ssl.keystore", "cockpit.keystore", kBridge};

// Escaped for people.
std::string shown(const fs::path& path) {
  return printable(path.string(), 500);
}

// One gravitee.yml, and a unit that uses it; null when there is none.
struct Use {
  fs::path file;
  std::optional<fs::path> home;
  const GraviteeUnit* unit = nullptr;
};

class Surveyor {
 public:
  explicit Surveyor(const HostFiles& files) : files_(files), units_(find_gravitee_units(files)) {}

  Result<Survey> look(const std::vector<fs::path>& from) {
    for (const Use& use : from.empty() ? installed() : given(from)) {
      auto looked = look_at(use);
      if (!looked && !from.empty()) {
        return tl::unexpected(std::move(looked.error()));
      }
      if (!looked) {
        note(looked.error().message);
      }
    }
    return std::move(survey_);
  }

 private:
  void note(std::string text) {
    auto& notes = survey_.notes;
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) {
      notes.push_back(std::move(text));
    }
  }

  bool same(const fs::path& one, const fs::path& other) const {
    return files_.canonical(one) == files_.canonical(other);
  }

  // The unit that runs from a home and reads another file than its home's; null when there is none, or one reads that.
  const GraviteeUnit* reader_of_another(const fs::path& home, const fs::path& file) const {
    const GraviteeUnit* other = nullptr;
    for (const GraviteeUnit& unit : units_) {
      if (same(unit.file, file)) {
        return nullptr;
      }
      other = other == nullptr && same(unit.home, home) ? &unit : other;
    }
    return other;
  }

  // By the units that read the file. One that is asked for may be read by none yet: then it is meant for those of its
  // home.
  void add_uses(const fs::path& file, const std::optional<fs::path>& home, std::vector<Use>& uses) const {
    const auto add = [&](const auto& uses_it) {
      const auto before = uses.size();
      for (const GraviteeUnit& unit : units_) {
        if (uses_it(unit)) {
          uses.push_back({file, unit.home, &unit});
        }
      }
      return uses.size() > before;
    };
    const bool is_used = add([&](const GraviteeUnit& unit) { return same(unit.file, file); }) ||
                         (home && add([&](const GraviteeUnit& unit) { return same(unit.home, *home); }));
    if (!is_used) {
      uses.push_back({file, home});
    }
  }

  // Of the documented places those that exist and are in use, and those of other units.
  std::vector<Use> installed() {
    std::vector<Use> uses;
    const auto add = [&](const fs::path& file, const fs::path& home) {
      const bool is_known = std::ranges::any_of(uses, [&](const Use& other) { return same(other.file, file); });
      if (!is_known && files_.exists(file)) {
        add_uses(file, home, uses);
      }
    };
    for (const Component& component : kComponents) {
      const fs::path file = file_of_home(files_, component.home);
      const GraviteeUnit* other = reader_of_another(component.home, file);
      if (other == nullptr) {
        add(file, component.home);
      } else if (files_.exists(file)) {
        note(fmt::format("{} is left out: {} reads {}", shown(file), shown(other->name), shown(other->file)));
      }
    }
    for (const GraviteeUnit& unit : units_) {
      if (!files_.exists(unit.file)) {
        note(fmt::format("{}: the gravitee.yml that it reads is not there: {}", shown(unit.name), shown(unit.file)));
      }
      add(unit.file, unit.home);
    }
    return uses;
  }

  std::optional<fs::path> home_of(const fs::path& file) const {
    for (const Component& component : kComponents) {
      if (!component.winning_file.empty() && same(file, component.winning_file)) {
        return component.home;
      }
    }
    return file.parent_path().filename() == "config" ? std::optional(file.parent_path().parent_path()) : std::nullopt;
  }

  std::vector<Use> given(const std::vector<fs::path>& from) {
    std::vector<Use> uses;
    for (const fs::path& file : from) {
      const auto home = home_of(file);
      add_uses(file, home, uses);
      if (const GraviteeUnit* other = home ? reader_of_another(*home, file) : nullptr) {
        note(fmt::format("{} reads {}, not {}: make sure that the keystore is the right one", shown(other->name),
                         shown(other->file), shown(file)));
      }
    }
    return uses;
  }

  Result<void> look_at(const Use& use) {
    TRY_LET(const auto text, files_.read(use.file));
    auto settings = GraviteeSettings::read(text);
    if (!settings) {
      return failure(ErrorKind::disk, settings.error().text(use.file));
    }
    for (const int line : settings->conditional_lines()) {
      note(
          fmt::format("{}:{}: this document is for some profiles or platforms alone (spring.config.activate); it is "
                      "left out here",
                      shown(use.file), line));
    }
    settings->set_home(use.home);
    if (use.unit != nullptr) {
      for (const auto& unit_note : use.unit->notes) {
        note(unit_note);
      }
      settings->set_environment(use.unit->environment);
      settings->set_properties(use.unit->properties);
    }
    look_for(use, *settings);
    return {};
  }

  // The newest spelling that names a file and is not switched off.
  void look_for(const Use& use, const GraviteeSettings& settings) {
    const std::string file = shown(use.file);
    std::string_view chosen;
    for (const std::string_view spelling : kSpellings) {
      if (!settings.find(fmt::format("{}.path", spelling))) {
        continue;
      }
      const std::string_view section = spelling.substr(0, spelling.find('.'));
      const auto enabled = settings.find(fmt::format("{}.enabled", section));
      const auto repository = settings.find("management.type");
      if (spelling == kBridge ? repository && repository->value != "http" : enabled && enabled->value == "false") {
        note(fmt::format("{}: {} is left out, since {} is not used", file, spelling,
                         spelling == kBridge ? "the bridge (management.type: http)" : section));
      } else if (chosen.empty()) {
        chosen = spelling;
      } else if (settings.find(fmt::format("{}.path", chosen))->value !=
                 settings.find(fmt::format("{}.path", spelling))->value) {
        note(fmt::format("{}: {} wins over {}, whose keystore is left out", file, chosen, spelling));
      }
    }
    if (chosen.empty()) {
      note(fmt::format("{}: names no keystore for Gravitee Cloud ({})", file, fmt::join(kSpellings, ", ")));
      return;
    }
    if (chosen == kBridge) {
      note(fmt::format("{}: the keystore is the bridge client's; make sure that its certificate is Gravitee Cloud's",
                       file));
    }
    for (const std::string_view key : {"path", "type", "password"}) {
      const auto setting = settings.find(fmt::format("{}.{}", chosen, key));
      if (use.unit != nullptr && setting && !setting->overridden.empty()) {
        note(fmt::format("{}: {} overrides {}.{} ({}{})", shown(use.unit->name), setting->origin, chosen, key,
                         setting->overridden, setting->overridden.starts_with("line ") ? " of " + file : ""));
      }
    }
    add(describe(use, settings, chosen));
  }

  FoundKeystore describe(const Use& use, const GraviteeSettings& settings, std::string_view spelling) const {
    FoundKeystore found;
    const Component* component = use.home ? component_at(files_, *use.home) : nullptr;
    found.component = component == nullptr ? "" : component->name;
    const auto path = settings.find(fmt::format("{}.path", spelling));
    const bool is_of_file = use.unit == nullptr || path->origin.starts_with("line ");
    found.origin = is_of_file ? fmt::format("{}, {}", shown(use.file), spelling)
                              : fmt::format("{}, {}", shown(use.unit->name), path->origin);
    if (!path->problem.empty()) {
      found.path_problem = fmt::format("{} ({}.path): {}", path->origin, spelling, path->problem);
    } else if (fs::path(path->value).is_relative() && !use.home) {
      found.path_problem = fmt::format("{} ({}.path): it is relative, and the home of this gravitee.yml is not known",
                                       path->origin, spelling);
    } else {
      found.path = (use.home.value_or("/") / fs::path(path->value)).lexically_normal();
    }
    if (const auto type = settings.find(fmt::format("{}.type", spelling)); type && type->problem.empty()) {
      found.type = printable(lower_case(type->value), 40);
    }
    const auto password = settings.find(fmt::format("{}.password", spelling));
    if (!password) {
      found.password_problem = fmt::format("{}.password is not set", spelling);
    } else if (!password->problem.empty()) {
      found.password_problem = fmt::format("{} ({}.password): {}", password->origin, spelling, password->problem);
    } else {
      found.password = Secret(password->value);
    }
    if (use.unit != nullptr) {
      found.units.push_back(use.unit->name);
    }
    found.technical_api =
        find_technical_api(settings, component == nullptr ? kComponents[0].technical_port : component->technical_port);
    return found;
  }

  // Several units that use the same file belong together.
  void add(FoundKeystore found) {
    const auto merged = std::ranges::find_if(survey_.keystores, [&](const FoundKeystore& other) {
      return found.path && other.path && same(*found.path, *other.path);
    });
    if (merged == survey_.keystores.end()) {
      survey_.keystores.push_back(std::move(found));
      return;
    }
    if (!found.units.empty() && std::ranges::find(merged->units, found.units.front()) == merged->units.end()) {
      merged->units.push_back(found.units.front());
    }
    if (merged->password && found.password && merged->password->view() != found.password->view()) {
      note(fmt::format("{} and {} have different passwords for the same keystore; the first one is taken",
                       merged->origin, found.origin));
    }
    if (!merged->password && found.password) {
      merged->password = std::move(found.password);
      merged->password_problem.clear();
    }
    if (merged->origin != found.origin) {
      merged->origin += "; " + found.origin;
    }
  }

  const HostFiles& files_;
  std::vector<GraviteeUnit> units_;
  Survey survey_;
};

}  // namespace

Result<Survey> survey(const HostFiles& files, const std::vector<fs::path>& from) {
  return Surveyor(files).look(from);
}

}  // namespace renewd::setup
