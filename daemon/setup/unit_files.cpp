#include "setup/unit_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <iterator>
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

// systemd.syntax(7), plus undocumented ones.
constexpr std::array<std::string_view, 6> kTrue{"1", "yes", "y", "true", "t", "on"};

// Collects the settings of one service from its unit file and drop-ins.
class UnitReader {
 public:
  UnitReader(const HostFiles& files, std::string name) : files_(files) { unit_.name = std::move(name); }

  // An empty assignment resets the list (systemd.exec(5)).
  void read(const fs::path& file) {
    const auto text = files_.read(file);
    if (!text) {
      note(text.error().message);
      return;
    }
    bool in_service = false;
    for (const std::string_view line : logical_lines(*text)) {
      const auto equals = line.find('=');
      if (line.front() == '[') {
        in_service = line == "[Service]";
      } else if (in_service && equals != std::string_view::npos) {
        auto& values = assignments_[std::string(trimmed(line.substr(0, equals)))];
        values.emplace_back(trimmed(line.substr(equals + 1)));
        if (values.back().empty()) {
          values.clear();
        }
      }
    }
  }

  ServiceUnit finish() {
    unit_.user = expanded(last("User")).value_or(last("User"));
    unit_.group = expanded(last("Group")).value_or(last("Group"));
    unit_.groups = words("SupplementaryGroups");
    unit_.dynamic_user = std::ranges::find(kTrue, lower_case(last("DynamicUser"))) != kTrue.end();
    unit_.output = expanded(last("StandardOutput")).value_or("");
    const std::string directory = last("WorkingDirectory");
    unit_.working_directory = expanded(directory.starts_with('-') ? directory.substr(1) : directory).value_or("");
    for (const std::string& line : assignments_["Environment"]) {
      set_environment(line);
    }
    for (const std::string& file : assignments_["EnvironmentFile"]) {
      read_environment_file(file);
    }
    for (const std::string& unset : words("UnsetEnvironment")) {
      const auto found = unit_.environment.find(unset.substr(0, unset.find('=')));
      const bool any_value = unset.find('=') == std::string::npos;
      if (found != unit_.environment.end() && (any_value || unset == found->first + "=" + found->second)) {
        unit_.environment.erase(found);
      }
    }
    set_command();
    return std::move(unit_);
  }

 private:
  void note(std::string_view text) { unit_.notes.push_back(unit_.name + ": " + printable(text, 500)); }

  std::optional<std::string> expanded(std::string_view text) const { return expand_specifiers(text, unit_.name); }

  std::string last(const std::string& key) {
    const auto& values = assignments_[key];
    return values.empty() ? std::string() : values.back();
  }

  std::vector<std::string> words_of(std::string_view line) const {
    auto words = split_words(line).value_or(std::vector<std::string>());
    for (std::string& word : words) {
      word = expanded(word).value_or(word);
    }
    return words;
  }

  std::vector<std::string> words(const std::string& key) {
    std::vector<std::string> all;
    for (const std::string& line : assignments_[key]) {
      std::ranges::move(words_of(line), std::back_inserter(all));
    }
    return all;
  }

  void set_environment(std::string_view line) {
    const auto words = split_words(line);
    if (!words) {
      note("systemd ignores an Environment= line with invalid quoting");
      return;
    }
    for (const std::string& word : *words) {
      const auto assignment = expanded(word);
      const auto equals = word.find('=');
      if (equals == std::string::npos || equals == 0) {
        continue;
      }
      if (!assignment) {
        note(fmt::format("skipped: the variable {}, with a %-specifier that only systemd can expand",
                         word.substr(0, equals)));
        continue;
      }
      const auto at = assignment->find('=');
      unit_.environment[assignment->substr(0, at)] = assignment->substr(at + 1);
    }
  }

  // The first command; only a oneshot service may have several.
  void set_command() {
    for (const std::string& line : assignments_["ExecStart"]) {
      auto words = words_of(line);
      if (!words.empty()) {
        const auto prefixes = std::min(words.front().find_first_not_of("@-:+!|"), words.front().size());
        const bool expands = words.front().substr(0, prefixes).find(':') == std::string::npos;
        words.front().erase(0, prefixes);
        unit_.command = expands ? expand_variables(words, unit_.environment) : std::move(words);
        return;
      }
    }
  }

  // With "-" in front of the path, the file is optional. The file name may be a pattern.
  void read_environment_file(std::string_view value) {
    const bool optional = value.starts_with('-');
    const fs::path path = expanded(optional ? value.substr(1) : value).value_or("");
    if (!path.is_absolute()) {
      note("skipped: an EnvironmentFile= line without an absolute path");
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
  std::map<std::string, std::vector<std::string>> assignments_;
};

ServiceUnit read_unit(const HostFiles& files, const UnitIdentity& identity) {
  UnitReader reader(files, identity.name);
  reader.read(identity.file);
  for (const auto& drop_in : drop_ins(files, identity.name)) {
    reader.read(drop_in);
  }
  return reader.finish();
}

}  // namespace

std::vector<ServiceUnit> read_service_units(const HostFiles& files) {
  std::vector<ServiceUnit> units;
  for (const UnitIdentity& identity : find_services(files)) {
    units.push_back(read_unit(files, identity));
  }
  return units;
}

std::optional<ServiceUnit> read_service_unit(const HostFiles& files, const std::string& name) {
  const UnitIdentity identity = identify_unit(files, name);
  return identity.state == UnitIdentity::State::usable ? std::optional(read_unit(files, identity)) : std::nullopt;
}

}  // namespace renewd::setup
