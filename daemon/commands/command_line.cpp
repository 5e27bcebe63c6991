#include "commands/command_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands/by_hand.hpp"
#include "commands/check.hpp"
#include "commands/exit_status.hpp"
#include "commands/fleet.hpp"
#include "commands/init.hpp"
#include "commands/inspect.hpp"
#include "commands/permissions.hpp"
#include "commands/plan.hpp"
#include "commands/renew.hpp"
#include "commands/run.hpp"
#include "commands/screen.hpp"
#include "commands/service_user.hpp"
#include "commands/status.hpp"
#include "commands/validate.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "supervision/signals.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

// A command of the command line, and the function that runs it after parsing.
struct Command {
  CLI::App* parser;
  std::function<int()> run;
};

// Runs a command with its options and the path of the configuration, which is known only after parsing.
template <typename Options, typename Run>
std::function<int()> runner(Run run, std::shared_ptr<Options> options, const fs::path& configuration) {
  return [run, options, &configuration] {
    options->configuration = configuration;
    if constexpr (std::is_invocable_v<Run, const Options&, const Screen&, std::ostream&, std::ostream&>) {
      return run(*options, screen_of(STDOUT_FILENO), std::cout, std::cerr);
    } else {
      return run(*options, std::cout, std::cerr);
    }
  };
}

// CLI11 reads a number with a leading zero as octal or hexadecimal.
std::string without_leading_zero(const std::string& text) {
  return text.size() > 1 && text.front() == '0' ? text + " has a leading zero: write a decimal number" : "";
}

Command add_run(CLI::App& app, const fs::path& configuration) {
  auto* command = app.add_subcommand("run", "Run the daemon in the foreground");
  command->footer(
      "SIGTERM or SIGINT ends it; SIGHUP reloads the configuration.\n"
      "Exit status: 0 on SIGTERM or SIGINT, 1 if another daemon uses the same state directory,\n"
      "2 if the command line or the configuration is wrong.\n"
      "Example: gravitee-renewd run");
  return {command, [&configuration] { return run(configuration, std::cerr); }};
}

Command add_renew(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<RenewOptions>();
  auto* command = app.add_subcommand("renew", "Renew everything that is due now, then restart and verify the gateway");
  command->add_option("NAME", options->names, "The certificates to renew; the default is all");
  command->add_flag("--force", options->force, "Renew even if nothing is due");
  command->add_flag("--alone", options->alone, "On a host of a fleet: renew without the other hosts");
  command->add_flag("--dry-run", options->dry_run,
                    "Test everything except the request, the replacement of the keystore and the restart");
  command->footer(
      "Exit status: 0 done or nothing due, 1 something failed,\n"
      "2 the command line or the configuration is wrong.\n"
      "On a host of a fleet, the daemon renews: without --alone, renew only says whether anything is due.\n"
      "Example: gravitee-renewd renew production --force");
  return {command, runner(renew, options, configuration)};
}

Command add_activate(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ByHandOptions>();
  auto* command = app.add_subcommand("activate", "Restart the gateway again and verify that it is healthy");
  command->add_option("NAME", options->name, "The certificate whose gateway to restart")->required();
  command->footer(
      "Exit status: 0 the gateway is healthy, 1 it is not, 2 the command line or the configuration is wrong.\n"
      "Example: gravitee-renewd activate production");
  return {command, runner(activate, options, configuration)};
}

Command add_rollback(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ByHandOptions>();
  auto* command = app.add_subcommand("rollback", "Restore the previous keystore and restart the gateway");
  command->add_option("NAME", options->name, "The certificate whose keystore to restore")->required();
  auto* generation =
      command->add_option("--to", options->generation, "The stored keystore to install, which may be a newer one")
          ->type_name("GENERATION")
          ->check(without_leading_zero)
          ->check(CLI::Range(1, std::numeric_limits<int>::max()));
  command->add_flag("--list", options->list, "List the stored keystores and change nothing")->excludes(generation);
  command->footer(
      "Stores the keystore that it replaces. Never restores an expired one.\n"
      "Exit status: 0 the gateway is healthy, 1 the roll-back is not possible or the gateway is unhealthy,\n"
      "2 the command line or the configuration is wrong.\n"
      "Example: gravitee-renewd rollback production\n"
      "Example: gravitee-renewd rollback production --to 3");
  return {command, runner(rollback, options, configuration)};
}

Command add_status(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<StatusOptions>();
  auto* command = app.add_subcommand("status", "Show the state of each certificate, with or without a daemon");
  command->add_flag("--json", options->json, "Print one JSON object instead of a table");
  command->add_flag("--watch", options->watch, "Refresh every second, until Ctrl-C");
  command->footer(
      "The table is as wide as the terminal or $COLUMNS; piped, it has 80 columns and no colour.\n"
      "Exit status: 0 whatever the table shows, 1 if you lack permission to read the state,\n"
      "2 the command line or the configuration is wrong.\n"
      "Example: gravitee-renewd status --watch");
  return {command, runner(status, options, configuration)};
}

void add_threshold(CLI::App& command, const std::string& name, std::optional<report::Threshold>& threshold,
                   const std::string& description) {
  const auto parse = [&threshold, name](const std::string& text) {
    auto parsed = report::parse_threshold(text);
    if (!parsed) {
      throw CLI::ValidationError(name.substr(name.find("--")), parsed.error().message);
    }
    threshold = *parsed;
  };
  command.add_option_function<std::string>(name, parse, description)->type_name("RANGE");
}

Command add_check(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<CheckOptions>();
  auto* command =
      app.add_subcommand("check", "Print one line and exit with a status for Nagios, Icinga, Checkmk or cron");
  command->add_option("NAME", options->names, "The certificates to check; the default is all");
  add_threshold(*command, "-w,--warning", options->thresholds.warning,
                "WARNING if fewer days are left, or if they are outside this range; the default is renew_before");
  add_threshold(*command, "-c,--critical", options->thresholds.critical,
                "CRITICAL if fewer days are left, or if they are outside this range; the default is 7");
  command->add_option("-t,--timeout", options->timeout, "UNKNOWN if the check takes longer; the default is 60")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600));
  command->add_flag("-v,--verbose", options->verbosity,
                    "Add lines: each certificate and what to do; -vv its details, -vvv what was checked");
  command->set_version_flag("-V,--version", "gravitee-renewd " + std::string(version()));
  command->footer(
      "A range has the form of monitoring plugins: 30: or 30 (alerts below 30), ~:30 (above), 5:30 (outside),\n"
      "@5:30 (inside).\n"
      "Exit status: 0 OK, 1 WARNING, 2 CRITICAL (expired, unreadable, renewal failing),\n"
      "3 UNKNOWN (also if the command line or the configuration is wrong).\n"
      "Example: gravitee-renewd check production -w 30: -c 7:");
  return {command, runner(check, options, configuration)};
}

Command add_plan(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<PlanOptions>();
  auto* command = app.add_subcommand("plan", "Show what would happen next, when, and why; change nothing");
  command->add_option("NAME", options->names, "The certificates to show; the default is all");
  command->add_flag("--json", options->json, "Print one JSON object instead of text");
  command->footer(
      "Exit status: 0, 1 if you lack permission to read the state,\n"
      "2 the command line or the configuration is wrong.\n"
      "Example: gravitee-renewd plan production");
  return {command, runner(plan, options, configuration)};
}

Command add_validate(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<ValidateOptions>();
  auto* command = app.add_subcommand("validate", "Check the configuration and report all errors at once");
  command->add_flag("--online", options->online,
                    "Also test the connection to the cloud (DNS, proxy, TLS), without sending the token, and to the "
                    "fleet's etcd");
  command->add_flag("--strict", options->strict, "Treat warnings as errors; use it on the host that the file is for");
  command->footer(
      "A mistake in the file is an error. A problem of this host is a warning: a file that is missing or that the\n"
      "daemon's user cannot read, a keystore that does not open, a unit that does not exist.\n"
      "Exit status: 0 valid, even with warnings; 2 invalid.\n"
      "Example: gravitee-renewd --config ./config.yaml validate\n"
      "Example: gravitee-renewd validate --strict --online");
  return {command, runner(validate, options, configuration)};
}

Command add_inspect(CLI::App& app, const fs::path& /*configuration*/) {
  const auto options = std::make_shared<InspectOptions>();
  auto* command = app.add_subcommand("inspect", "Show the content of a keystore or a stored answer");
  command->add_option("KEYSTORE", options->keystore, "PKCS#12, JKS, PEM, DER or PKCS#7, or a stored answer")
      ->required();
  command->add_option("--password-file", options->password_file, "A file that holds the password")->type_name("FILE");
  command->add_flag("--json", options->json, "Print one JSON object instead of a table");
  command->footer(
      "Both files may be pipes, such as /dev/stdin; inspect waits for them for at most 30 seconds.\n"
      "Exit status: 0, or 1 if it cannot read the keystore.\n"
      "Example: gravitee-renewd inspect keystore.p12 --password-file /etc/gravitee-renewd/keystore-password");
  return {command, [options] { return inspect(*options, screen_of(STDOUT_FILENO), std::cout, std::cerr); }};
}

Command add_init(CLI::App& app, const fs::path& configuration) {
  const auto options = std::make_shared<InitOptions>();
  const auto permissions = std::make_shared<PermissionsOptions>();
  auto* command =
      app.add_subcommand("init", "Write a first configuration from the gravitee.yml files and units of this host");
  command->add_option("--from", options->from, "The gravitee.yml to read; the default is those in the usual places")
      ->type_name("FILE");
  command->add_option("--output", options->output, "The file to write, - for standard output; the default is --config")
      ->type_name("FILE");
  command->add_flag("--force", options->force, "Replace files that exist");
  command->add_option("--account-url", options->account_url, "The URL that the cloud's token dialog shows")
      ->type_name("URL");
  command->add_option("--token-file", options->token_file, "The file that holds, or will hold, the account token")
      ->type_name("FILE");
  command->add_option("--password-file", options->password_file, "A file that holds the keystore's password")
      ->type_name("FILE");
  command->add_option("--unit", options->units, "The unit that reads the keystore, or none")->type_name("NAME");
  auto* permissions_flag =
      command->add_flag("--permissions")
          ->description(
              "Instead, grant the service what the configuration requires: give it the keystores, which the gateway "
              "can still read, and write a polkit rule and a drop-in of its unit");
  command->add_option("--root", permissions->root, "With --permissions: write the files below this directory")
      ->type_name("DIRECTORY")
      ->capture_default_str()
      ->needs(permissions_flag);
  command
      ->add_option("--user", permissions->user,
                   "With --permissions: the user to run the service as; the default is its current user")
      ->type_name("NAME")
      ->needs(permissions_flag);
  command->add_flag("--dry-run", permissions->dry_run, "With --permissions: show what would change")
      ->needs(permissions_flag);
  command->footer(
      "Asks at the terminal for anything it cannot find; without a terminal it lists what is missing.\n"
      "Writes passwords into separate files beside the configuration. Overwrites files only with --force.\n"
      "--permissions --user gravitee lets the service share the gateway's user: simpler, and less secure "
      "(/usr/share/doc/gravitee-renewd/docs/security.md).\n"
      "Exit status: 0 written, 1 cancelled, not possible, or the service still lacks a permission,\n"
      "2 something is missing or wrong, or a file exists.\n"
      "Example: gravitee-renewd init --from /etc/gravitee-gateway/gravitee.yml\n"
      "Example: gravitee-renewd init --permissions");
  return {command, [options, permissions, permissions_flag, &configuration] {
            const Screen screen =
                screen_of(STDOUT_FILENO).terminal ? screen_of(STDOUT_FILENO) : screen_of(STDERR_FILENO);
            options->width = permissions->width = screen.terminal ? screen.width : 0;
            if (permissions_flag->count() != 0) {
              permissions->force = options->force;
              return runner(commands::permissions, permissions, configuration)();
            }
            if (options->output.empty()) {
              options->output = configuration;
            }
            return init(*options, std::cout, std::cerr);
          }};
}

struct FleetCommandText {
  const char* name;
  const char* about;
  const char* footer;
  int (*run)(const FleetOptions&, std::ostream&, std::ostream&);
};

constexpr std::array kFleetCommands{
    FleetCommandText{
        "halt", "Restart no further gateway, until fleet resume",
        "Gateways that are restarting now are finished. A certificate that is published later waits, too.\n"
        "Example: gravitee-renewd fleet halt production",
        fleet_halt},
    FleetCommandText{"resume", "Continue the restarts after a halt",
                     "Hosts that failed or were lost do not halt the others again; missing ones are not waited for.\n"
                     "Example: gravitee-renewd fleet resume production",
                     fleet_resume},
    FleetCommandText{"publish", "Make the certificate installed here that of all hosts",
                     "For a keystore that was renewed by hand. It must be later than the published one.\n"
                     "Example: gravitee-renewd fleet publish production",
                     fleet_publish},
    FleetCommandText{"reseal", "Encrypt what is published with fleet.etcd.key again",
                     "Opens it with key or second_key: a step of changing the key\n"
                     "(/usr/share/doc/gravitee-renewd/docs/fleet.md).\n"
                     "Example: gravitee-renewd fleet reseal",
                     fleet_reseal}};

constexpr const char* kFleetStatuses =
    "Exit status: 0, 1 etcd cannot be used or the change is not possible,\n"
    "2 the command line or the configuration is wrong, or has no fleet.\n";

void add_fleet_status(CLI::App& fleet, const fs::path& configuration,
                      const std::shared_ptr<std::function<int()>>& chosen) {
  const auto options = std::make_shared<FleetOptions>();
  auto* command = fleet.add_subcommand("status", "Show every host: what it has, what it uses, what it waits for");
  command->add_option("NAME", options->name, "A certificate of the account; the default is every account");
  command->add_flag("--json", options->json, "Print one JSON object instead of a table");
  command->footer(std::string(kFleetStatuses) + "Example: gravitee-renewd fleet status");
  command->callback([chosen, run = runner(fleet_status, options, configuration)] { *chosen = run; });
}

void add_fleet_key(CLI::App& fleet, const std::shared_ptr<std::function<int()>>& chosen) {
  auto* command = fleet.add_subcommand("key", "Print a new key for fleet.etcd.key");
  command->footer(
      "Needs no configuration. All hosts need the same key.\n"
      "Exit status: 0, or 1 without random bytes.\n"
      "Example: (umask 077; gravitee-renewd fleet key > /etc/gravitee-renewd/fleet-key)");
  command->callback([chosen] { *chosen = [] { return fleet_key(std::cout, std::cerr); }; });
}

Command add_fleet(CLI::App& app, const fs::path& configuration) {
  auto* fleet = app.add_subcommand("fleet", "See and direct the hosts that share an account");
  fleet->require_subcommand(1);
  fleet->footer("Read /usr/share/doc/gravitee-renewd/docs/fleet.md first.\nExample: gravitee-renewd fleet status");
  const auto chosen = std::make_shared<std::function<int()>>();
  add_fleet_key(*fleet, chosen);
  add_fleet_status(*fleet, configuration, chosen);
  for (const auto& each : kFleetCommands) {
    const auto options = std::make_shared<FleetOptions>();
    auto* command = fleet->add_subcommand(each.name, each.about);
    const bool publishes = std::string_view(each.name) == "publish";
    auto* name =
        command->add_option("NAME", options->name,
                            publishes ? "The certificate whose installed keystore is published"
                                      : "A certificate of the account; may be left out if there is only one account");
    name->required(publishes);
    command->footer(std::string(kFleetStatuses) + each.footer);
    command->callback([chosen, run = runner(each.run, options, configuration)] { *chosen = run; });
  }
  return {fleet, [chosen] { return (*chosen)(); }};
}

// CLI11 would only say that a command is missing, not which word it does not know. `fleet` has commands of its own.
bool report_unknown_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const CLI::App& group = chosen.empty() ? app : *chosen.front();
  const auto words = app.remaining(true);
  const auto commands = group.get_subcommands(nullptr);
  if (commands.empty() || !group.get_subcommands().empty() || words.empty() || words.front().starts_with('-')) {
    return false;
  }
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto* command : commands) {
    names.push_back(command->get_name());
  }
  const std::string prefix = chosen.empty() ? "" : group.get_name() + " ";
  const std::string_view meant = nearest(words.front(), {names.begin(), names.end()});
  std::cerr << "gravitee-renewd: unknown command \"" << prefix << printable(words.front()) << '"';
  if (!meant.empty()) {
    std::cerr << "; did you mean \"" << prefix << meant << "\"?";
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
                         add_inspect, add_init, add_fleet}) {
    all.push_back(add(app, configuration));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool help_requested = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    if (!help_requested && app.got_subcommand("check")) {
      const auto unknown = check_unknown(std::string("wrong command line: ") + error.what());
      std::cout << unknown.line;
      return unknown.status;
    }
    if (help_requested || !report_unknown_command(app)) {
      app.exit(error, std::cout, std::cerr);
    }
    return help_requested ? kSuccess : kUsageError;
  }
  const auto chosen =
      std::find_if(all.begin(), all.end(), [](const Command& command) { return command.parser->parsed(); });
  if (!app.got_subcommand("run")) {
    supervision::unblock_hangup();
  }
  return chosen->run();  // require_subcommand() makes sure that there is one
}

}  // namespace renewd::commands
