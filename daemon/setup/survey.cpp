#include "setup/survey.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "setup/gravitee_settings.hpp"
#include "setup/gravitee_units.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// Newest first. The last is the bridge client's, which a hybrid gateway of version 3 uses.
constexpr std::string_view kBridge = "management.http.ssl.keystore";
constexpr std::array<std::string_view, 4> kSpellings{"cloud.connector.ws.ssl.keystore",
                                                     "cockpit.connector.ws.ssl.keystore", "cockpit.keystore", kBridge};

struct Installation {
  fs::path file;
  std::optional<fs::path> home;
  const Component* component = nullptr;
  std::vector<const GraviteeUnit*> units;
};

class Surveyor {
 public:
  explicit Surveyor(const HostFiles& files) : files_(files), units_(find_gravitee_units(files)) {}

  Result<Survey> look(const std::vector<fs::path>& from) {
    for (const auto& installation : from.empty() ? installations() : given(from)) {
      auto looked = look_at(installation);
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

  // Of the documented places those that exist and are in use, and those of other units.
  std::vector<Installation> installations() {
    std::vector<Installation> found;
    const auto add = [&](const fs::path& file, const fs::path& home) {
      const bool known =
          std::any_of(found.begin(), found.end(), [&](const Installation& other) { return same(other.file, file); });
      if (!known && files_.exists(file)) {
        found.push_back({file, home, component_at(files_, home), {}});
      }
    };
    for (const Component& component : kComponents) {
      const fs::path file = file_of_home(files_, component.home);
      const GraviteeUnit* other = reader_of_another(component.home, file);
      if (other == nullptr) {
        add(file, component.home);
      } else if (files_.exists(file)) {
        note(fmt::format("{} is left out: {} reads {}", printable(file.string(), 500), printable(other->unit.name, 255),
                         printable(other->file.string(), 500)));
      }
    }
    for (const GraviteeUnit& unit : units_) {
      if (!files_.exists(unit.file)) {
        note(fmt::format("{}: the gravitee.yml that it reads is not there: {}", printable(unit.unit.name, 255),
                         printable(unit.file.string(), 500)));
      }
      add(unit.file, unit.home);
    }
    for (Installation& installation : found) {
      find_units(installation);
    }
    return found;
  }

  std::vector<Installation> given(const std::vector<fs::path>& from) {
    std::vector<Installation> found;
    for (const fs::path& file : from) {
      Installation installation{file, std::nullopt, nullptr, {}};
      for (const Component& component : kComponents) {
        if (!component.winning_file.empty() && same(file, component.winning_file)) {
          installation.home = component.home;
        }
      }
      if (!installation.home && file.parent_path().filename() == "config") {
        installation.home = file.parent_path().parent_path();
      }
      if (installation.home) {
        installation.component = component_at(files_, *installation.home);
      }
      find_units(installation);
      if (const GraviteeUnit* other = installation.home ? reader_of_another(*installation.home, file) : nullptr) {
        note(fmt::format("{} reads {}, not {}: make sure that the keystore is the right one",
                         printable(other->unit.name, 255), printable(other->file.string(), 500),
                         printable(file.string(), 500)));
      }
      found.push_back(std::move(installation));
    }
    return found;
  }

  // Those that read the file. One that is asked for may be read by none yet: then it is meant for those of its home.
  void find_units(Installation& installation) const {
    const bool is_used = std::any_of(units_.begin(), units_.end(),
                                     [&](const GraviteeUnit& unit) { return same(unit.file, installation.file); });
    for (const GraviteeUnit& unit : units_) {
      if (is_used ? same(unit.file, installation.file) : installation.home && same(unit.home, *installation.home)) {
        installation.units.push_back(&unit);
      }
    }
  }

  Result<void> look_at(const Installation& installation) {
    const auto text = files_.read(installation.file);
    if (!text) {
      return failure(ErrorKind::disk, text.error().message);
    }
    auto settings = GraviteeSettings::read(*text);
    if (!settings) {
      return failure(ErrorKind::disk, settings.error().text(installation.file));
    }
    for (const int line : settings->conditional_lines()) {
      note(
          fmt::format("{}:{}: this document is for some profiles or platforms alone (spring.config.activate); it is "
                      "left out here",
                      printable(installation.file.string(), 500), line));
    }
    settings->set_home(installation.home);
    if (installation.units.empty()) {
      look_for(installation, *settings, nullptr);
    }
    for (const GraviteeUnit* unit : installation.units) {
      for (const auto& unit_note : unit->unit.notes) {
        note(unit_note);
      }
      Installation of_unit = installation;
      of_unit.home = unit->home;
      of_unit.component = component_at(files_, unit->home);
      settings->set_home(of_unit.home);
      settings->set_environment(unit->unit.environment);
      settings->set_properties(unit->properties);
      look_for(of_unit, *settings, unit);
    }
    return {};
  }

  // The newest spelling that names a file and is not switched off.
  void look_for(const Installation& installation, const GraviteeSettings& settings, const GraviteeUnit* unit) {
    const std::string file = printable(installation.file.string(), 500);
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
      if (unit != nullptr && setting && !setting->overridden.empty()) {
        note(fmt::format("{}: {} overrides {}.{} ({}{})", printable(unit->unit.name, 255), setting->origin, chosen, key,
                         setting->overridden, setting->overridden.starts_with("line ") ? " of " + file : ""));
      }
    }
    add(describe(installation, settings, chosen, unit), unit);
  }

  FoundKeystore describe(const Installation& installation, const GraviteeSettings& settings, std::string_view spelling,
                         const GraviteeUnit* unit) const {
    FoundKeystore found;
    found.component = installation.component == nullptr ? "" : installation.component->name;
    found.origin = fmt::format("{}, {}", printable(installation.file.string(), 500), spelling);
    const auto path = settings.find(fmt::format("{}.path", spelling));
    if (unit != nullptr && !path->origin.starts_with("line ")) {
      found.origin = fmt::format("{}, {}", printable(unit->unit.name, 255), path->origin);
    }
    if (!path->problem.empty()) {
      found.path_problem = fmt::format("{} ({}.path): {}", path->origin, spelling, path->problem);
    } else if (fs::path(path->value).is_relative() && !installation.home) {
      found.path_problem = fmt::format("{} ({}.path): it is relative, and the home of this gravitee.yml is not known",
                                       path->origin, spelling);
    } else {
      found.path = (installation.home.value_or("/") / fs::path(path->value)).lexically_normal();
    }
    if (const auto type = settings.find(fmt::format("{}.type", spelling)); type && type->problem.empty()) {
      std::string word = type->value;
      std::transform(word.begin(), word.end(), word.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      found.type = printable(word, 40);
    }
    const auto password = settings.find(fmt::format("{}.password", spelling));
    if (!password) {
      found.password_problem = fmt::format("{}.password is not set", spelling);
    } else if (!password->problem.empty()) {
      found.password_problem = fmt::format("{} ({}.password): {}", password->origin, spelling, password->problem);
    } else {
      found.password = Secret(password->value);
    }
    const Component* component = installation.component;
    found.technical_api =
        find_technical_api(settings, component == nullptr ? kComponents[0].technical_port : component->technical_port);
    return found;
  }

  // Several units that use the same file belong together.
  void add(FoundKeystore found, const GraviteeUnit* unit) {
    const auto merged = std::find_if(
        survey_.keystores.begin(), survey_.keystores.end(),
        [&](const FoundKeystore& other) { return found.path && other.path && same(*found.path, *other.path); });
    if (merged == survey_.keystores.end()) {
      if (unit != nullptr) {
        found.units.push_back(unit->unit.name);
      }
      survey_.keystores.push_back(std::move(found));
      return;
    }
    if (unit != nullptr &&
        std::find(merged->units.begin(), merged->units.end(), unit->unit.name) == merged->units.end()) {
      merged->units.push_back(unit->unit.name);
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
