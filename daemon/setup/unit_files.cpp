#include "setup/unit_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "setup/environment_file.hpp"
#include "setup/unit_names.hpp"
#include "setup/unit_words.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;

// One service, gathered from its unit file and drop-ins in their order.
class Gathering {
 public:
  Gathering(const HostFiles& files, std::string name) : files_(files) { unit_.name = std::move(name); }

  void read(const fs::path& file) {
    const auto text = files_.read(file);
    if (!text) {
      note(text.error().message);
      return;
    }
    bool in_service = false;
    for (const std::string& line : logical_lines(*text)) {
      if (line.front() == '[') {
        in_service = line == "[Service]";
        continue;
      }
      const auto equals = line.find('=');
      if (in_service && equals != std::string::npos) {
        const std::string_view view = line;
        assign(trimmed(view.substr(0, equals)), trimmed(view.substr(equals + 1)));
      }
    }
  }

  ServiceUnit finish() {
    for (const std::string& file : environment_files_) {
      read_environment_file(file);
    }
    for (const std::string& unset : unset_) {
      const auto found = unit_.environment.find(unset.substr(0, unset.find('=')));
      const bool any_value = unset.find('=') == std::string::npos;
      if (found != unit_.environment.end() && (any_value || unset == found->first + "=" + found->second)) {
        unit_.environment.erase(found);
      }
    }
    if (expands_variables_) {
      unit_.command = expand_variables(unit_.command, unit_.environment);
    }
    return std::move(unit_);
  }

 private:
  void note(std::string_view what) { unit_.notes.push_back(unit_.name + ": " + printable(what, 500)); }

  void assign(std::string_view key, std::string_view value) {
    if (key == "Environment") {
      set_environment(value);
    } else if (key == "EnvironmentFile") {
      if (value.empty()) {
        environment_files_.clear();
      } else {
        environment_files_.emplace_back(value);
      }
    } else if (key == "ExecStart") {
      set_command(value);
    } else if (key == "User") {
      unit_.user = expand_specifiers(value, unit_.name).value_or(std::string(value));
    } else if (key == "Group") {
      unit_.group = expand_specifiers(value, unit_.name).value_or(std::string(value));
    } else if (key == "SupplementaryGroups") {
      add_words(value, unit_.groups);
    } else if (key == "UnsetEnvironment") {
      add_words(value, unset_);
    } else if (key == "DynamicUser") {
      unit_.dynamic_user = value == "yes" || value == "true" || value == "on" || value == "1";
    } else if (key == "WorkingDirectory") {
      unit_.working_directory =
          expand_specifiers(value.starts_with('-') ? value.substr(1) : value, unit_.name).value_or("");
    }
  }

  // An empty assignment begins anew (systemd.exec(5)).
  void set_environment(std::string_view value) {
    if (value.empty()) {
      unit_.environment.clear();
      return;
    }
    const auto words = split_words(value);
    if (!words) {
      note("a line Environment= is quoted wrongly, and systemd ignores it");
      return;
    }
    for (const std::string& word : *words) {
      const auto assignment = expand_specifiers(word, unit_.name);
      const auto equals = word.find('=');
      if (equals == std::string::npos || equals == 0) {
        continue;
      }
      if (!assignment) {
        note(fmt::format("the variable {} holds a %-specifier that only systemd knows; it is left out here",
                         word.substr(0, equals)));
        continue;
      }
      const auto at = assignment->find('=');
      unit_.environment[assignment->substr(0, at)] = assignment->substr(at + 1);
    }
  }

  void add_words(std::string_view value, std::vector<std::string>& to) const {
    if (value.empty()) {
      to.clear();
    }
    for (const auto& word : split_words(value).value_or(std::vector<std::string>())) {
      to.push_back(expand_specifiers(word, unit_.name).value_or(word));
    }
  }

  // Of several commands (of a oneshot service) the first.
  void set_command(std::string_view value) {
    if (value.empty()) {
      unit_.command.clear();
      return;
    }
    std::vector<std::string> words;
    add_words(value, words);
    if (words.empty() || !unit_.command.empty()) {
      return;
    }
    const auto prefixes = std::min(words.front().find_first_not_of("@-:+!|"), words.front().size());
    expands_variables_ = words.front().substr(0, prefixes).find(':') == std::string::npos;
    words.front().erase(0, prefixes);
    unit_.command = std::move(words);
  }

  // A "-" before the path: it need not be there. The last part may be a pattern.
  void read_environment_file(std::string_view value) {
    const bool optional = value.starts_with('-');
    const auto expanded = expand_specifiers(optional ? value.substr(1) : value, unit_.name);
    const fs::path path = expanded.value_or("");
    if (!path.is_absolute()) {
      note("a line EnvironmentFile= cannot be followed here");
      return;
    }
    std::vector<fs::path> matches;
    for (const std::string& name : files_.list(path.parent_path())) {
      if (::fnmatch(path.filename().c_str(), name.c_str(), 0) == 0) {
        matches.push_back(path.parent_path() / name);
      }
    }
    if (matches.empty() && !optional) {
      matches.push_back(path);
    }
    for (const auto& match : matches) {
      const auto text = files_.read(match);
      if (!text) {
        note(text.error().message);
        continue;
      }
      for (auto& [name, content] : parse_environment_file(*text)) {
        unit_.environment[name] = std::move(content);
      }
    }
  }

  const HostFiles& files_;
  ServiceUnit unit_;
  std::vector<std::string> environment_files_;
  std::vector<std::string> unset_;
  bool expands_variables_ = true;
};

ServiceUnit gather(const HostFiles& files, const UnitIdentity& identity) {
  Gathering unit(files, identity.name);
  unit.read(identity.file);
  for (const auto& drop_in : drop_ins(files, identity.name)) {
    unit.read(drop_in);
  }
  return unit.finish();
}

}  // namespace

std::vector<ServiceUnit> read_service_units(const HostFiles& files) {
  std::vector<ServiceUnit> units;
  for (const UnitIdentity& identity : find_services(files)) {
    units.push_back(gather(files, identity));
  }
  return units;
}

std::optional<ServiceUnit> read_service_unit(const HostFiles& files, const std::string& name) {
  const UnitIdentity identity = identify_unit(files, name);
  return identity.state == UnitIdentity::State::usable ? std::optional(gather(files, identity)) : std::nullopt;
}

}  // namespace renewd::setup
