#include "commands/command_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands/by_hand.hpp"
#include "commands/check.hpp"
#include "commands/exit_status.hpp"
#include "commands/init.hpp"
#include "commands/inspect.hpp"
#include "commands/permissions.hpp"
#include "commands/plan.hpp"
#include "commands/renew.hpp"
#include "commands/run.hpp"
#include "commands/screen.hpp"
#include "commands/service_user.hpp"
#include "commands/signals.hpp"
#include "commands/status.hpp"
#include "commands/validate.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

// A command's words, and what runs it once they are parsed. The path of the configuration is known by then alone.
struct Command {
  CLI::App* words;
  std::function<int()> run;
};

// CLI11 takes a number that begins with a zero for octal or hexadecimal.
std::string without_leading_zero(const std::string& text) {
  return text.size() > 1 && text.front() == '0' ? text + " begins with a zero: write a decimal number" : "";
}

Command add_run(CLI::App& app, const fs::path& configuration) {
  auto* command = app.add_subcommand("run", "The daemon, in the foreground; SIGTERM or SIGINT ends it");
  command->footer(
      "Exit status: 0 on SIGTERM or SIGINT, 1 another daemon works in the same state directory,\n"
      "2 wrong command line or configuration.\nExample: gravitee-renewd run");
  return {command, [&configuration] { return run(configuration, std::cerr); }};
}

Command add_renew(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<RenewOptions>();
  auto* command = app.add_subcommand("renew", "One pass now: renews what is due, and restarts the gateway");
  command->add_option("NAME", options->names, "The certificates to renew; all without a name");
  command->add_flag("--force", options->force, "Renew even what is not due");
  command->add_flag("--dry-run", options->dry_run,
                    "Try everything but the request, the replacement of the keystore and the restart");
  command->footer(
      "Exit status: 0 done or nothing due, 1 something failed, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd renew production --force");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return renew(*options, std::cout, std::cerr);
          }};
}

Command add_activate(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ByHandOptions>();
  auto* command = app.add_subcommand("activate", "Repeats the gateway step: restarts it and verifies that it is well");
  command->add_option("NAME", options->name, "The certificate whose gateway is meant")->required();
  command->footer(
      "Exit status: 0, 1 the gateway is not well, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd activate production");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return activate(*options, std::cout, std::cerr);
          }};
}

Command add_rollback(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ByHandOptions>();
  auto* command = app.add_subcommand("rollback", "Puts the keystore from before back and restarts the gateway");
  command->add_option("NAME", options->name, "The certificate whose keystore is meant")->required();
  auto* generation = command->add_option("--to", options->generation, "The kept keystore to install, also a newer one")
                         ->type_name("GENERATION")
                         ->check(without_leading_zero)
                         ->check(CLI::Range(1, std::numeric_limits<int>::max()));
  command->add_flag("--list", options->list, "Show the kept keystores, and change nothing")->excludes(generation);
  command->footer(
      "The keystore that is replaced is kept. Never goes back to an expired one.\n"
      "Exit status: 0, 1 not possible, or the gateway is not well, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd rollback production\n"
      "Example: gravitee-renewd rollback production --to 3");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return rollback(*options, std::cout, std::cerr);
          }};
}

Command add_status(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<StatusOptions>();
  auto* command = app.add_subcommand("status", "Where each certificate stands, also when no daemon runs");
  command->add_flag("--json", options->json, "One JSON object instead of a table");
  command->add_flag("--watch", options->watch, "Look again each second, until Ctrl-C");
  command->footer(
      "As wide as the terminal, or $COLUMNS; 80 columns and no colour when piped.\n"
      "Exit status: 0 whatever it shows, 1 this user may not look, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd status --watch");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return status(*options, screen_of(STDOUT_FILENO), std::cout, std::cerr);
          }};
}

void add_threshold(CLI::App& command, const std::string& name, std::optional<renewal::Threshold>& threshold,
                   const std::string& description) {
  const auto parse = [&threshold, name](const std::string& text) {
    auto parsed = renewal::parse_threshold(text);
    if (!parsed) {
      throw CLI::ValidationError(name.substr(name.find("--")), parsed.error().message);
    }
    threshold = *parsed;
  };
  command.add_option_function<std::string>(name, parse, description)->type_name("RANGE");
}

Command add_check(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<CheckOptions>();
  auto* command = app.add_subcommand("check", "One line and an exit status for Nagios, Icinga, Checkmk or cron");
  command->add_option("NAME", options->names, "The certificates that are meant; all without a name");
  add_threshold(*command, "-w,--warning", options->thresholds.warning,
                "WARNING with fewer days left, or outside of this range; else renew_before");
  add_threshold(*command, "-c,--critical", options->thresholds.critical,
                "CRITICAL with fewer days left, or outside of this range; else 7");
  command->add_option("-t,--timeout", options->timeout, "UNKNOWN when it takes longer; else 60")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600));
  command->add_flag("-v,--verbose", options->verbosity,
                    "More lines: each certificate and what to do; -vv its details, -vvv what was looked at");
  command->set_version_flag("-V,--version", "gravitee-renewd " + std::string(version()));
  command->footer(
      "A range is written as monitoring plugins do: 30: or 30 (alerts below 30), ~:30 (above), 5:30 (outside),\n"
      "@5:30 (inside).\n"
      "Exit status: 0 OK, 1 WARNING, 2 CRITICAL (expired, unreadable, renewal failing),\n"
      "3 UNKNOWN (also wrong command line or configuration).\n"
      "Example: gravitee-renewd check production -w 30: -c 7:");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return check(*options, std::cout, std::cerr);
          }};
}

Command add_plan(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<PlanOptions>();
  auto* command = app.add_subcommand("plan", "What would happen next, when, and why");
  command->add_option("NAME", options->names, "The certificates that are meant; all without a name");
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Looks, and changes nothing.\n"
      "Exit status: 0, 1 this user may not look, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd plan production");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return plan(*options, screen_of(STDOUT_FILENO), std::cout, std::cerr);
          }};
}

Command add_validate(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ValidateOptions>();
  auto* command = app.add_subcommand("validate", "Checks the configuration and shows every error at once");
  command->add_flag("--online", options->online,
                    "Try the way to the cloud, too: name, proxy and TLS; the token is not sent");
  command->add_flag("--strict", options->strict, "Warnings are errors: for the host that the file is for");
  command->footer(
      "What is wrong in the file is an error. What only this host can tell is a warning: a file that is missing or\n"
      "not readable by the daemon's user, a keystore that does not open, a unit that does not exist.\n"
      "Exit status: 0 valid, also with warnings; 2 not.\n"
      "Example: gravitee-renewd --config ./config.yaml validate\n"
      "Example: gravitee-renewd validate --strict --online");
  return {command, [options, &configuration] {
            options->configuration = configuration;
            return validate(*options, std::cout, std::cerr);
          }};
}

Command add_inspect(CLI::App& app, const fs::path& /*configuration*/) {
  const auto options = std::make_shared<InspectOptions>();
  auto* command = app.add_subcommand("inspect", "Shows what a keystore or an answer of the cloud holds");
  command->add_option("KEYSTORE", options->keystore, "PKCS#12, JKS, PEM, DER or PKCS#7, or a stored answer")
      ->required();
  command->add_option("--password-file", options->password_file, "A file that holds the password")->type_name("FILE");
  command->add_flag("--json", options->json, "One JSON object instead of a table");
  command->footer(
      "Both files may be pipes, such as /dev/stdin; they are waited for, at most 30 seconds.\n"
      "Exit status: 0, or 1 when the keystore cannot be read.\n"
      "Example: gravitee-renewd inspect keystore.p12 --password-file /etc/gravitee-renewd/keystore-password");
  return {command, [options] { return inspect(*options, screen_of(STDOUT_FILENO), std::cout, std::cerr); }};
}

Command add_init(CLI::App& app, const fs::path& configuration) {
  const auto beginning = std::make_shared<InitOptions>();
  const auto permissions = std::make_shared<PermissionsOptions>();
  auto* command = app.add_subcommand("init", "Writes a first configuration, filled in from gravitee.yml and the units");
  command->add_option("--from", beginning->from, "A gravitee.yml; by default those at the usual places")
      ->type_name("FILE");
  command
      ->add_option("--output", beginning->output,
                   "The file to write, - for standard output; by default that of --config")
      ->type_name("FILE");
  command->add_flag("--force", beginning->force, "Replace files that exist");
  command->add_option("--account-url", beginning->account_url, "As the cloud's token dialog shows it")
      ->type_name("URL");
  command->add_option("--token-file", beginning->token_file, "The file that holds, or will hold, the account token")
      ->type_name("FILE");
  command->add_option("--password-file", beginning->password_file, "A file that holds the keystore's password")
      ->type_name("FILE");
  command->add_option("--unit", beginning->units, "The unit that reads the keystore, or none")->type_name("NAME");
  auto* permissions_flag =
      command->add_flag("--permissions")
          ->description(
              "Instead, let the service do what --config asks for: its user owns the keystores, the gateway reads "
              "them, and a polkit rule and a drop-in of the service are written");
  command->add_option("--root", permissions->root, "With --permissions: write below this directory")
      ->type_name("DIRECTORY")
      ->capture_default_str()
      ->needs(permissions_flag);
  command
      ->add_option("--user", permissions->user,
                   "With --permissions: the user that the service runs as; by default the one that it runs as now")
      ->type_name("NAME")
      ->needs(permissions_flag);
  command->add_flag("--dry-run", permissions->dry_run, "With --permissions: show what would be written")
      ->needs(permissions_flag);
  command->footer(
      "Asks at the terminal for what it cannot find; without one it lists what is missing. Passwords go into files of\n"
      "their own beside the configuration. Files that exist are left alone, unless --force is given.\n"
      "--permissions --user gravitee lets the service share the gateway's user: simpler, and less safe "
      "(docs/security.md).\n"
      "Exit status: 0 written, 1 ended at the terminal, not possible, or the service still lacks something,\n"
      "2 something is missing or wrong, or exists.\n"
      "Example: gravitee-renewd init --from /etc/gravitee-gateway/gravitee.yml\n"
      "Example: gravitee-renewd init --permissions");
  return {command, [beginning, permissions, permissions_flag, &configuration] {
            if (permissions_flag->count() != 0) {
              permissions->configuration = configuration;
              permissions->force = beginning->force;
              return commands::permissions(*permissions, std::cout, std::cerr);
            }
            if (beginning->output.empty()) {
              beginning->output = configuration;
            }
            return init(*beginning, std::cout, std::cerr);
          }};
}

// CLI11 says only that a command is missing; a person who mistyped one wants to be told so.
bool explain_unknown_command(const CLI::App& app) {
  const auto words = app.remaining();
  if (!app.get_subcommands().empty() || words.empty() || words.front().starts_with('-')) {
    return false;
  }
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
  }
  const std::string_view meant = nearest(words.front(), {names.begin(), names.end()});
  std::cerr << "gravitee-renewd: unknown command \"" << printable(words.front()) << '"';
  if (!meant.empty()) {
    std::cerr << "; did you mean \"" << meant << "\"?";
  }
  std::cerr << "\nRun with --help for more information.\n";
  return true;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("Renews the Gravitee Cloud certificate of a self-hosted gateway before it expires.", "gravitee-renewd");
  fs::path configuration = kServiceConfiguration;
  app.add_option("--config", configuration, "The configuration file")->type_name("FILE")->capture_default_str();
  app.set_version_flag("--version", "gravitee-renewd " + std::string(version()));
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Example: gravitee-renewd --config /etc/gravitee-renewd/config.yaml renew --dry-run");
  // In the order of --help.
  std::vector<Command> all;
  for (const auto add : {add_run, add_renew, add_activate, add_rollback, add_status, add_check, add_plan, add_validate,
                         add_inspect, add_init}) {
    all.push_back(add(app, configuration));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool only_asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    if (!only_asked && app.got_subcommand("check")) {
      const auto unknown = check_unknown(std::string("wrong command line: ") + error.what());
      std::cout << unknown.line;
      return unknown.status;
    }
    if (only_asked || !explain_unknown_command(app)) {
      app.exit(error, std::cout, std::cerr);
    }
    return only_asked ? kSuccess : kUsageError;
  }
  const auto chosen =
      std::find_if(all.begin(), all.end(), [](const Command& command) { return command.words->parsed(); });
  if (!app.got_subcommand("run")) {
    release_hangup();
  }
  return chosen->run();  // one is required
}

}  // namespace renewd::commands
