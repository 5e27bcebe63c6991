#include "setup/gravitee_units.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "setup/shell_words.hpp"

namespace renewd::setup {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

bool is_launcher(const fs::path& program) {
  return program.filename() == "gravitee" && program.parent_path().filename() == "bin";
}

bool is_java(const fs::path& program) {
  return program.filename() == "java";
}

// The words of a script, if the command is a shell with one (sh -c); otherwise the command.
Words without_shell(const Words& command, const Environment& environment) {
  const std::string shell = command.empty() ? std::string() : fs::path(command.front()).filename().string();
  if (shell != "sh" && shell != "bash" && shell != "dash") {
    return command;
  }
  const auto option = std::find_if(command.begin(), command.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-' && word[1] != '-' && word.ends_with('c');
  });
  return option == command.end() || option + 1 == command.end() ? command : shell_words(option[1], environment);
}

// The assignments in front of the program, of a shell or of env(1), set its environment.
void take_assignments(const Words& words, Words::const_iterator program, Environment& environment) {
  for (auto word = words.begin(); word != program; ++word) {
    const auto equals = word->find('=');
    if (equals != std::string::npos && equals > 0 && !word->starts_with('-')) {
      environment[word->substr(0, equals)] = word->substr(equals + 1);
    }
  }
}

void append(Words& to, const Words& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Java's options, of which a later one overrides an earlier one with the same name. The JVM itself reads three
// variables, the first two before its command line (java(1), JVM TI); a launcher adds JAVA_OPTS to that, unquoted.
Words java_options(const Words& arguments, const Environment& environment, const std::string& launcher) {
  const auto quoted = [&](const std::string& name) {
    const std::string value = value_of(environment, name);
    return split_words(value).value_or(split_at_space(value));
  };
  Words options = quoted("JAVA_TOOL_OPTIONS");
  append(options, quoted("JDK_JAVA_OPTIONS"));
  const bool evaluates = launcher.find("eval ") != std::string::npos;
  for (const std::string name : {"JVM_OPTS", "JAVA_OPTIONS", "JAVA_OPTS"}) {
    // The stock launcher uses only the last one; an unreadable launcher may use any.
    if (launcher.empty() || launcher.find("$" + name) != std::string::npos ||
        launcher.find("${" + name) != std::string::npos) {
      const std::string value = value_of(environment, name);
      append(options, evaluates ? shell_words(value, environment) : split_at_space(value));
    }
  }
  append(options, arguments);
  append(options, quoted("_JAVA_OPTIONS"));
  return options;
}

// Replaces "@FILE" on Java's command line by the options in the file (java(1)).
Words with_argument_files(const HostFiles& files, const Words& arguments) {
  Words all;
  for (const std::string& argument : arguments) {
    const auto text = argument.starts_with('@') ? files.read(argument.substr(1)) : failure(ErrorKind::disk, "no file");
    append(all, text ? split_words(*text).value_or(split_at_space(*text)) : Words{argument});
  }
  return all;
}

std::map<std::string, std::string> system_properties(const Words& options) {
  std::map<std::string, std::string> properties;
  for (const std::string& option : options) {
    const auto equals = option.find('=');
    if (option.starts_with("-D") && equals != std::string::npos && equals > 2) {
      properties[option.substr(2, equals - 2)] = option.substr(equals + 1);
    }
  }
  return properties;
}

// The gravitee.yml in /etc that a launcher appends to the options, where it overrides theirs; empty when there is none.
// Found in the launcher's script, or known from the packages.
fs::path overriding_file(const HostFiles& files, const fs::path& home) {
  fs::path file;
  if (const auto script = files.read(home / "bin/gravitee")) {
    constexpr std::string_view kProperty = "-Dgravitee.conf=";
    const auto begin = script->find(kProperty);
    const auto path = begin == std::string::npos ? std::string() : script->substr(begin + kProperty.size());
    file = path.substr(0, path.find_first_of("\"' \t\n;)"));
  } else if (const Component* component = component_at(files, home)) {
    file = component->overriding_file;
  }
  return file.is_absolute() && files.exists(file) ? file : fs::path();
}

fs::path home_of(const ServiceUnit& unit, const fs::path& program,
                 const std::map<std::string, std::string>& properties) {
  const auto property = [&](const std::string& name) { return fs::path(value_of(properties, name)); };
  if (const fs::path home = property("gravitee.home"); !home.empty()) {
    return home;
  }
  if (const fs::path home = value_of(unit.environment, "GRAVITEE_HOME"); !home.empty()) {
    return home;
  }
  if (is_launcher(program)) {
    return program.parent_path().parent_path();
  }
  const fs::path file = property("gravitee.conf");
  const bool is_gravitee =
      !file.empty() || std::any_of(unit.command.begin(), unit.command.end(),
                                   [](const std::string& word) { return word.find("gravitee") != std::string::npos; });
  if (fs::path(unit.working_directory).is_absolute() && is_gravitee) {
    return unit.working_directory;
  }
  return file.parent_path().filename() == "config" ? file.parent_path().parent_path() : file.parent_path();
}

// Nothing for a unit that is not Gravitee's.
std::optional<GraviteeUnit> as_gravitee(const HostFiles& files, ServiceUnit unit) {
  const Words words = without_shell(unit.command, unit.environment);
  auto program = std::find_if(words.begin(), words.end(),
                              [](const std::string& word) { return is_launcher(word) || is_java(word); });
  program = program == words.end() ? words.begin() : program;
  take_assignments(words, program, unit.environment);
  const fs::path path = program == words.end() ? fs::path() : fs::path(*program);
  const std::string launcher = is_launcher(path) ? files.read(path).value_or(std::string()) : std::string();
  Words arguments(program == words.end() ? program : program + 1, words.end());
  if (is_java(path)) {
    arguments = with_argument_files(files, arguments);
  } else if (!is_launcher(path)) {
    unit.notes.push_back(
        fmt::format("{}: ExecStart= runs {}, which may set another keystore itself (for example in JAVA_OPTS): check "
                    "the path of the "
                    "keystore",
                    unit.name, path.empty() ? "another program" : path.string()));
  }
  auto properties = system_properties(java_options(arguments, unit.environment, launcher));
  const fs::path home = home_of(unit, path, properties).lexically_normal();
  if (!home.is_absolute()) {
    return std::nullopt;
  }
  if (is_launcher(path) && !system_properties(arguments).empty()) {
    unit.notes.push_back(fmt::format(
        "{}: ExecStart= passes a -D option to bin/gravitee, but the stock launcher passes only JAVA_OPTS to Java: make "
        "sure that the gateway uses the option",
        unit.name));
  }
  fs::path file = is_java(path) ? fs::path() : overriding_file(files, home);
  if (const fs::path configured = value_of(properties, "gravitee.conf"); file.empty()) {
    file = home / (configured.empty() ? fs::path("config/gravitee.yml") : configured);
  }
  return GraviteeUnit{std::move(unit), home, file.lexically_normal(), std::move(properties)};
}

}  // namespace

const Component* component_at(const HostFiles& files, const fs::path& home) {
  const auto* found = std::find_if(kComponents.begin(), kComponents.end(), [&](const Component& component) {
    return files.canonical(home) == files.canonical(component.home);
  });
  return found == kComponents.end() ? nullptr : found;
}

fs::path file_of_home(const HostFiles& files, const fs::path& home) {
  const fs::path file = overriding_file(files, home);
  return file.empty() ? home / "config/gravitee.yml" : file;
}

std::vector<GraviteeUnit> find_gravitee_units(const HostFiles& files) {
  std::vector<GraviteeUnit> units;
  for (ServiceUnit& unit : read_service_units(files)) {
    if (auto found = as_gravitee(files, std::move(unit))) {
      units.push_back(std::move(*found));
    }
  }
  return units;
}

}  // namespace renewd::setup
