// Completions and the man page of the commands cannot go stale: they are held against what the binary's --help says.
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd::testing;

namespace {

using Words = std::set<std::string>;
// The options of each command; those of the program itself under "", those of a command's command under both words.
using Commands = std::map<std::string, Words>;

const std::string kSource = PROJECT_SOURCE;

// Every match's first group.
Words matches(const std::string& text, const std::string& expression) {
  const std::regex regex(expression, std::regex::ECMAScript | std::regex::multiline);
  Words found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.insert((*match)[1].str());
  }
  return found;
}

// The lines of `text` between a line that begins with `heading` and the next that matches `end`.
std::string section(const std::string& text, const std::string& heading, const std::string& end) {
  std::istringstream lines(text);
  std::string found;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(heading)) {
      inside = true;
    } else if (inside && std::regex_search(line, std::regex(end))) {
      break;
    } else if (inside) {
      found += line + "\n";
    }
  }
  return found;
}

Commands in_help() {
  const auto help = [](const std::vector<std::string>& command) {
    std::vector<std::string> argv{RENEWD_BINARY};
    argv.insert(argv.end(), command.begin(), command.end());
    argv.push_back("--help");
    return run_or_throw(argv);
  };
  const auto options = [](const std::string& text) {
    return matches(section(text, "Options:", "^$"), "^  (?:-[a-zA-Z],)?(--[a-z][a-z-]*)");
  };
  const std::string overview = help({});
  Commands commands{{"", options(overview)}};
  for (const auto& command : matches(section(overview, "Subcommands:", "^$"), "^  ([a-z]+) ")) {
    const std::string its = help({command});
    commands[command] = options(its);
    for (const auto& below : matches(section(its, "Subcommands:", "^$"), "^  ([a-z]+) ")) {
      commands[command + " " + below] = options(help({command, below}));
    }
  }
  REQUIRE(commands.size() > 5);
  REQUIRE(commands.at("renew") == Words{"--alone", "--dry-run", "--force", "--help"});
  REQUIRE(commands.at("fleet status") == Words{"--help", "--json"});
  return commands;
}

Words lines_of(const std::string& text) {
  return matches(text, "^(.+)$");
}

Words names(const Commands& commands) {
  Words names;
  for (const auto& [name, options] : commands) {
    if (!name.empty() && name.find(' ') == std::string::npos) {
      names.insert(name);
    }
  }
  return names;
}

// Those below a command.
Words names_below(const std::string& command, const Commands& commands) {
  Words names;
  for (const auto& [name, options] : commands) {
    if (name.starts_with(command + " ")) {
      names.insert(name.substr(command.size() + 1));
    }
  }
  return names;
}

// Options of the program that may follow every command.
Words with_common(Words options) {
  options.insert({"--config", "--help"});
  return options;
}

}  // namespace

TEST_CASE("bash completes the commands and options of --help and no others") {
  const auto completed = [](const std::string& words) {
    return lines_of(
        run_or_throw({"bash", "-ec",
                      "source " + kSource + "/packaging/completions/gravitee-renewd.bash; COMP_WORDS=(" + words +
                          "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _gravitee_renewd; "
                          "printf '%s\\n' \"${COMPREPLY[@]}\""}));
  };
  const Commands commands = in_help();
  CHECK(completed("gravitee-renewd ''") == names(commands));
  CHECK(completed("gravitee-renewd fleet ''") == names_below("fleet", commands));
  for (const auto& [command, options] : commands) {
    INFO(command);
    CHECK(completed("gravitee-renewd " + command + " -") == with_common(options));
  }
}

TEST_CASE("bash completes the names of the configured certificates, and files") {
  const TemporaryDirectory directory;
  write_file(directory / "config.yaml",
             "certificates:\n  - name: production # yes\n  - {name: other}\n  -\n    name: \"b\"\n");
  const auto completed = [&](const std::string& words) {
    return run_or_throw({"bash", "-c",
                         "cd " + directory.path().string() + "; source " + kSource +
                             "/packaging/completions/gravitee-renewd.bash; COMP_WORDS=(gravitee-renewd " + words +
                             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _gravitee_renewd; echo \"${COMPREPLY[@]}\""});
  };
  CHECK(completed("--config config.yaml renew ''") == "production b\n");
  CHECK(completed("--config config.yaml rollback pro") == "production\n");
  CHECK(completed("--config config.yaml fleet halt ''") == "production b\n");
  CHECK(completed("--config conf") == "config.yaml\n");
  CHECK(completed("inspect --password-file co") == "config.yaml\n");
  CHECK(completed("inspect co") == "config.yaml\n");
  CHECK(completed("--config missing.yaml renew ''") == "\n");
}

TEST_CASE("zsh completes the commands and options of --help and no others") {
  if (!have_program("zsh")) {
    WARN("skipped: there is no zsh");
    return;
  }
  // The functions of zsh that the completions call, saying what they are called with: the outer _arguments for the
  // program, the inner one for the command that the outer one has found.
  const auto said = [](const std::string& command, const std::string& call) {
    return run_or_throw({"zsh", "-f", "-c",
                         "_arguments() { if [[ $1 == -C && -n '" + command + "' ]]; then line=(" + command +
                             "); state=argument; else print -rl -- $@; fi }\n"
                             "_describe() { print -rl -- ${(P)4} }\n"
                             "source " +
                             kSource + "/packaging/completions/_gravitee-renewd" + call});
  };
  const Commands commands = in_help();
  CHECK(matches(said("", " >/dev/null; _gravitee_renewd_commands"), "^([a-z]+):") == names(commands));
  CHECK(matches(said("", " >/dev/null; _gravitee_renewd_fleet_commands"), "^([a-z]+):") ==
        names_below("fleet", commands));
  for (const auto& [command, options] : commands) {
    INFO(command);
    CHECK(matches(said(command, ""), "(--[a-z][a-z-]*)\\[") == with_common(options));
  }
}

TEST_CASE("gravitee-renewd(8) has the commands and options of --help and no others") {
  const std::string page = read_file(kSource + "/docs/man/gravitee-renewd.8.scd");
  const auto options = [](const std::string& text) { return matches(text, "\\*(--[a-z][a-z-]*)\\*"); };
  const std::string described = section(page, "# COMMANDS", "^# ");
  Commands found{{"", options(section(page, "# OPTIONS", "^# "))}};
  for (const auto& command : matches(described, "^\\*([a-z]+(?: [a-z]+)?)\\*")) {
    INFO(command);
    const std::string heading = "*" + command + "*";
    found[command] = options(*matches(described, "^(\\*" + command + "\\*.*)$").begin());
    CHECK(options(section(described, heading, "^\\*")) == found[command]);
    found[command].insert("--help");
  }
  CHECK(found == in_help());
}
