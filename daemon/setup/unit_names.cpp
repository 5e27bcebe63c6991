#include "setup/unit_names.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

#include "core/text.hpp"
#include "setup/unit_words.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;
using State = UnitIdentity::State;

// systemd.unit(5), "Unit File Load Path", highest priority first.
constexpr std::array<std::string_view, 13> kUnitDirectories{
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",      "/lib/systemd/system",
    "/run/systemd/generator.late"};
constexpr std::string_view kService = ".service";
// systemd has a link for each running unit here, for the journal: "invocation:NAME".
constexpr std::string_view kRunningUnits = "/run/systemd/units";
constexpr std::string_view kInvocation = "invocation:";
constexpr int kMostLinks = 16;

// "gw@eu.service" has the template "gw@.service" and the name "eu". For other units, both are empty.
struct Instance {
  std::string template_name;
  std::string name;
};

Instance instance_of(const std::string& unit) {
  const auto at = unit.find('@');
  const std::string_view stem = std::string_view(unit).substr(0, unit.size() - kService.size());
  if (at == std::string::npos || at + 1 >= stem.size()) {
    return {};
  }
  return {unit.substr(0, at + 1) + std::string(kService), std::string(stem.substr(at + 1))};
}

bool is_template(std::string_view unit) {
  return unit.ends_with("@.service");
}

bool exists(const HostFiles& files, const fs::path& path) {
  return files.link_target(path) || files.exists(path);
}

std::optional<fs::path> find_file(const HostFiles& files, const std::string& name) {
  for (const std::string_view directory : kUnitDirectories) {
    if (fs::path path = fs::path(directory) / name; exists(files, path)) {
      return path;
    }
  }
  return std::nullopt;
}

bool is_unit_directory(const HostFiles& files, const fs::path& directory) {
  const fs::path wanted = files.canonical(directory);
  return std::ranges::any_of(kUnitDirectories, [&](std::string_view one) {
    return one == directory.string() || files.canonical(one) == wanted;
  });
}

// A unit is masked by a link to /dev/null or by an empty file.
State state_of(const HostFiles& files, const fs::path& file) {
  if (files.canonical(file) == "/dev/null") {
    return State::masked;
  }
  if (!files.exists(file)) {
    return State::missing;
  }
  const auto text = files.read(file);
  return text && text->empty() ? State::masked : State::usable;
}

// The name that a unit's link leads to. A link out of the search path does not change the name. Nothing for a link that
// systemd ignores: between a plain unit, a template and an instance, or between two instances.
std::optional<std::string> linked_name(const HostFiles& files, const std::string& name, const fs::path& target) {
  if (target == "/dev/null" || !is_unit_directory(files, target.parent_path())) {
    return name;
  }
  std::string linked = target.filename();
  const std::string instance = instance_of(name).name;
  if (!instance.empty() && is_template(linked)) {
    return linked.substr(0, linked.find('@') + 1) + instance + std::string(kService);
  }
  const bool alike = is_template(name) == is_template(linked) && instance == instance_of(linked).name;
  return alike ? std::optional(std::move(linked)) : std::nullopt;
}

using Names = std::set<std::string>;

// Adds the services that a unit depends on: "Wants=gw@eu.service gw@us.service" of a target.
void add_dependencies(const std::string& text, const std::string& unit, Names& names) {
  constexpr std::array<std::string_view, 5> kDependencies{"Wants", "Requires", "Requisite", "BindsTo", "Upholds"};
  for (const std::string& line : logical_lines(text)) {
    const auto equals = line.find('=');
    const auto key = trimmed(std::string_view(line).substr(0, equals));
    if (equals == std::string::npos || std::ranges::find(kDependencies, key) == kDependencies.end()) {
      continue;
    }
    for (const auto& word : split_words(line.substr(equals + 1)).value_or(std::vector<std::string>())) {
      if (word.ends_with(kService)) {
        names.insert(expand_specifiers(word, unit).value_or(word));
      }
    }
  }
}

// The names of all services in files, links and dependencies, and of those that are running.
Names mentioned_names(const HostFiles& files) {
  Names names;
  const auto add_all_in = [&](const fs::path& directory, std::string_view prefix) {
    for (const std::string& name : files.list(directory)) {
      if (name.starts_with(prefix) && name.ends_with(kService)) {
        names.insert(name.substr(prefix.size()));
      }
    }
  };
  for (const std::string_view directory : kUnitDirectories) {
    add_all_in(directory, "");
    for (const std::string& name : files.list(directory)) {
      const fs::path path = fs::path(directory) / name;
      if (name.ends_with(".wants") || name.ends_with(".requires") || name.ends_with(".upholds")) {
        add_all_in(path, "");
      } else if (name.ends_with(".target")) {
        add_dependencies(files.read(path).value_or(""), name, names);
      }
    }
  }
  add_all_in(kRunningUnits, kInvocation);
  return names;
}

std::vector<std::string> aliases_of(const HostFiles& files, const std::string& unit) {
  std::vector<std::string> aliases;
  if (unit.empty()) {
    return aliases;
  }
  for (const std::string_view directory : kUnitDirectories) {
    for (const std::string& name : files.list(directory)) {
      const bool is_link = name.ends_with(kService) && files.link_target(fs::path(directory) / name);
      if (is_link && name != unit && identify_unit(files, name).name == unit) {
        aliases.push_back(name);
      }
    }
  }
  return aliases;
}

// The drop-in directories of a name, in systemd's order, highest priority first: of an instance, of its template, and
// of their prefixes up to a dash.
void add_drop_in_names(const std::string& unit, std::vector<std::string>& names) {
  names.push_back(unit + ".d");
  const Instance instance = instance_of(unit);
  if (!instance.name.empty()) {
    add_drop_in_names(instance.template_name, names);
  }
  const std::string prefix = unit.substr(0, std::min(unit.find('@'), unit.size() - kService.size()));
  const auto dash = prefix.size() < 2 ? std::string::npos : prefix.rfind('-', prefix.size() - 2);
  if (dash != std::string::npos && dash > 0) {
    const std::string instance_part = instance.name.empty() ? "" : "@" + instance.name;
    add_drop_in_names(prefix.substr(0, dash + 1) + instance_part + std::string(kService), names);
  }
}

}  // namespace

UnitIdentity identify_unit(const HostFiles& files, std::string name) {
  if (!name.ends_with(kService)) {
    name += kService;
  }
  const UnitIdentity missing{State::missing, name, {}};
  for (int links = 0; links < kMostLinks; ++links) {
    auto file = find_file(files, name);
    if (const auto instance = instance_of(name); !file && !instance.name.empty()) {
      file = find_file(files, instance.template_name);
    }
    const auto target = file ? files.link_target(*file) : std::nullopt;
    auto next = target ? linked_name(files, name, *target) : name;
    if (!file || !next) {
      return missing;
    }
    if (*next == name) {
      // The target of the link; for a link to the unit's own template, the template's file of the highest priority.
      const bool is_instance = target && is_template(target->filename().string()) && !is_template(name);
      const fs::path found =
          is_instance ? find_file(files, target->filename()).value_or(*target) : target.value_or(*file);
      const State state = state_of(files, found);
      return state == State::missing ? missing : UnitIdentity{state, name, found};
    }
    name = std::move(*next);
  }
  return missing;
}

std::string problem_of(const UnitIdentity& unit) {
  const std::string name = printable(unit.name, 255);
  switch (unit.state) {
    case State::usable:
      return {};
    case State::missing:
      return name + " does not exist on this host";
    case State::masked:
      return name + " is masked, so systemd refuses to start it";
  }
  return {};
}

std::vector<UnitIdentity> find_services(const HostFiles& files) {
  std::map<std::string, UnitIdentity> found;
  for (const std::string& name : mentioned_names(files)) {
    const UnitIdentity unit = is_template(name) ? UnitIdentity() : identify_unit(files, name);
    if (unit.state == State::usable && !is_template(unit.name)) {
      found.try_emplace(unit.name, unit);
    }
  }
  std::vector<UnitIdentity> services;
  std::ranges::copy(std::views::values(found), std::back_inserter(services));
  return services;
}

std::vector<fs::path> drop_ins(const HostFiles& files, const std::string& unit) {
  std::vector<std::string> names;
  add_drop_in_names(unit, names);
  for (const std::string& name : {unit, instance_of(unit).template_name}) {
    for (const std::string& alias : aliases_of(files, name)) {
      add_drop_in_names(alias, names);
    }
  }
  std::vector<fs::path> directories;
  for (const std::string_view parent : kUnitDirectories) {
    for (const std::string& name : names) {
      directories.push_back(fs::path(parent) / name);
    }
  }
  for (const std::string_view parent : kUnitDirectories) {
    directories.push_back(fs::path(parent) / "service.d");
  }
  // Sorted by name; of several with the same name, only the one of the highest priority.
  std::map<std::string, fs::path> found;
  for (const fs::path& directory : directories) {
    for (const std::string& file : files.list(directory)) {
      if (file.ends_with(".conf")) {
        found.try_emplace(file, directory / file);
      }
    }
  }
  std::vector<fs::path> ordered;
  for (const auto& [name, path] : found) {
    if (files.canonical(path) != "/dev/null") {
      ordered.push_back(path);
    }
  }
  return ordered;
}

}  // namespace renewd::setup
