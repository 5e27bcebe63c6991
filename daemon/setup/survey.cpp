#include "setup/survey.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/add_once.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "setup/gravitee_settings.hpp"
#include "setup/gravitee_units.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// The settings that name a keystore, newest first. The last one belongs to the bridge client of hybrid gateways of
// version 3.
constexpr std::string_view kBridge = "management.http.ssl.keystore";
constexpr std::array<std::string_view, 4> kSpellings{"cloud.connector.ws.ssl.keystore",
                                                     "cockpit.connector.ws.ssl.keystore", "cockpit.keystore", kBridge};

// One gravitee.yml, and a unit that uses it; null if no unit does.
struct FileUse {
  fs::path file;
  std::optional<fs::path> home;
  const GraviteeUnit* unit = nullptr;
};

// Where the output of a unit goes (StandardOutput= in systemd.exec(5)).
std::optional<LogDraft> log_of(const ServiceUnit& unit) {
  const std::string_view output = unit.output;
  for (const std::string_view prefix : {"file:", "append:", "truncate:"}) {
    if (output.starts_with(prefix)) {
      return LogDraft{unit.name, fs::path(output.substr(prefix.size()))};
    }
  }
  const bool journal = output.empty() || output == "inherit" || output.starts_with("journal") ||
                       output.starts_with("syslog") || output.starts_with("kmsg");
  return journal ? std::optional(LogDraft{unit.name, {}}) : std::nullopt;
}

class Surveyor {
 public:
  explicit Surveyor(const HostFiles& files) : files_(files), units_(find_gravitee_units(files)) {}

  Result<Survey> run(const std::vector<fs::path>& from) {
    for (const FileUse& use : from.empty() ? installed() : given(from)) {
      auto done = read_file(use);
      if (!done && !from.empty()) {
        return tl::unexpected(std::move(done.error()));
      }
      if (!done) {
        note(done.error().message);
      }
    }
    return std::move(survey_);
  }

 private:
  void note(std::string text) { add_once(survey_.notes, std::move(text)); }

  bool same(const fs::path& one, const fs::path& other) const {
    return files_.canonical(one) == files_.canonical(other);
  }

  // The units whose `member` is this path.
  std::vector<const GraviteeUnit*> units_with(fs::path GraviteeUnit::* member, const fs::path& path) const {
    std::vector<const GraviteeUnit*> found;
    for (const GraviteeUnit& unit : units_) {
      if (same(unit.*member, path)) {
        found.push_back(&unit);
      }
    }
    return found;
  }

  // A unit that runs from a home but reads another file than `file`; null if there is none, or if a unit does read it.
  const GraviteeUnit* reader_of_another(const fs::path& home, const fs::path& file) const {
    const auto at_home = units_with(&GraviteeUnit::home, home);
    return at_home.empty() || !units_with(&GraviteeUnit::file, file).empty() ? nullptr : at_home.front();
  }

  // One use for each unit that reads the file. A given file that no unit reads yet is for the units of its home.
  void add_uses(const fs::path& file, const std::optional<fs::path>& home, std::vector<FileUse>& uses) const {
    auto users = units_with(&GraviteeUnit::file, file);
    if (users.empty() && home) {
      users = units_with(&GraviteeUnit::home, *home);
    }
    if (users.empty()) {
      uses.push_back({file, home});
    }
    for (const GraviteeUnit* unit : users) {
      uses.push_back({file, unit->home, unit});
    }
  }

  // The files at the documented places, unless the units read others, and the files of all units.
  std::vector<FileUse> installed() {
    std::vector<FileUse> uses;
    const auto add = [&](const fs::path& file, const fs::path& home) {
      const bool is_known = std::ranges::any_of(uses, [&](const FileUse& other) { return same(other.file, file); });
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
        note(fmt::format("skipped: {}; {} reads {} instead", shown(file), shown(other->name), shown(other->file)));
      }
    }
    for (const GraviteeUnit& unit : units_) {
      if (!files_.exists(unit.file)) {
        note(fmt::format("{}: its gravitee.yml does not exist: {}", shown(unit.name), shown(unit.file)));
      }
      add(unit.file, unit.home);
    }
    return uses;
  }

  std::optional<fs::path> home_of(const fs::path& file) const {
    for (const Component& component : kComponents) {
      if (!component.overriding_file.empty() && same(file, component.overriding_file)) {
        return component.home;
      }
    }
    return file.parent_path().filename() == "config" ? std::optional(file.parent_path().parent_path()) : std::nullopt;
  }

  std::vector<FileUse> given(const std::vector<fs::path>& from) {
    std::vector<FileUse> uses;
    for (const fs::path& file : from) {
      const auto home = home_of(file);
      add_uses(file, home, uses);
      if (const GraviteeUnit* other = home ? reader_of_another(*home, file) : nullptr) {
        note(fmt::format("{} reads {}, not {}: make sure that this is the right keystore", shown(other->name),
                         shown(other->file), shown(file)));
      }
    }
    return uses;
  }

  Result<void> read_file(const FileUse& use) {
    TRY_LET(const auto text, files_.read(use.file));
    auto settings = GraviteeSettings::read(text);
    if (!settings) {
      return failure(ErrorKind::disk, settings.error().text(use.file));
    }
    for (const int line : settings->conditional_lines()) {
      note(
          fmt::format("{}:{}: skipped: this document applies only to certain profiles or platforms "
                      "(spring.config.activate)",
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
    find_keystore(use, *settings);
    return {};
  }

  // Takes the newest spelling that names a file and is not disabled.
  void find_keystore(const FileUse& use, const GraviteeSettings& settings) {
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
        note(fmt::format("{}: skipped: {}, because {} is disabled", file, spelling,
                         spelling == kBridge ? "the bridge (management.type: http)" : section));
      } else if (chosen.empty()) {
        chosen = spelling;
      } else if (settings.find(fmt::format("{}.path", chosen))->value !=
                 settings.find(fmt::format("{}.path", spelling))->value) {
        note(fmt::format("{}: skipped: {}, because {} has priority", file, spelling, chosen));
      }
    }
    if (chosen.empty()) {
      note(fmt::format("{}: no keystore for Gravitee Cloud is configured ({})", file, fmt::join(kSpellings, ", ")));
      return;
    }
    if (chosen == kBridge) {
      note(fmt::format(
          "{}: the keystore belongs to the bridge client; make sure that Gravitee Cloud issued its certificate", file));
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

  FoundKeystore describe(const FileUse& use, const GraviteeSettings& settings, std::string_view spelling) const {
    FoundKeystore found;
    const Component* component = use.home ? component_at(files_, *use.home) : nullptr;
    found.component = component == nullptr ? "" : component->name;
    const auto path = settings.find(fmt::format("{}.path", spelling));
    const bool is_in_file = use.unit == nullptr || path->origin.starts_with("line ");
    found.origin = is_in_file ? fmt::format("{}, {}", shown(use.file), spelling)
                              : fmt::format("{}, {}", shown(use.unit->name), path->origin);
    if (!path->problem.empty()) {
      found.path_problem = fmt::format("{} ({}.path): {}", path->origin, spelling, path->problem);
    } else if (fs::path(path->value).is_relative() && !use.home) {
      found.path_problem = fmt::format(
          "{} ({}.path): the path is relative, and the home of this gravitee.yml is unknown", path->origin, spelling);
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
      // Only Gravitee's connector logs the connection.
      found.log = spelling == kBridge ? std::nullopt : log_of(*use.unit);
    }
    found.region = settings.cloud_region();
    found.technical_api =
        find_technical_api(settings, component == nullptr ? kComponents[0].technical_port : component->technical_port);
    return found;
  }

  // Merges the units that use the same keystore.
  void add(FoundKeystore found) {
    const auto merged = std::ranges::find_if(survey_.keystores, [&](const FoundKeystore& other) {
      return found.path && other.path && same(*found.path, *other.path);
    });
    if (merged == survey_.keystores.end()) {
      survey_.keystores.push_back(std::move(found));
      return;
    }
    for (const std::string& unit : found.units) {
      add_once(merged->units, unit);
    }
    if (merged->password && found.password && merged->password->view() != found.password->view()) {
      note(fmt::format("{} and {} have different passwords for the same keystore; using the first one", merged->origin,
                       found.origin));
    }
    if (merged->region.empty()) {
      merged->region = found.region;
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
  return Surveyor(files).run(from);
}

}  // namespace renewd::setup
