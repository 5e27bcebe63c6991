// Command line to command, result to exit status; nothing else.
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "certificate/openssl.hpp"
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
#include "commands/status.hpp"
#include "commands/validate.hpp"
#include "core/core_files.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace {

namespace commands = renewd::commands;

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
  const std::string_view meant = renewd::nearest(words.front(), {names.begin(), names.end()});
  std::cerr << "gravitee-renewd: unknown command \"" << renewd::printable(words.front()) << '"';
  if (!meant.empty()) {
    std::cerr << "; did you mean \"" << meant << "\"?";
  }
  std::cerr << "\nRun with --help for more information.\n";
  return true;
}

int dispatch(int argc, char** argv) {
  CLI::App app("Renews the Gravitee Cloud certificate of a self-hosted gateway before it expires.", "gravitee-renewd");
  std::filesystem::path configuration = "/etc/gravitee-renewd/config.yaml";
  app.add_option("--config", configuration, "The configuration file")->type_name("FILE")->capture_default_str();
  app.set_version_flag("--version", "gravitee-renewd " + std::string(renewd::version()));
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Example: gravitee-renewd --config /etc/gravitee-renewd/config.yaml renew --dry-run");

  auto* run = app.add_subcommand("run", "The daemon, in the foreground; SIGTERM or SIGINT ends it");
  run->footer(
      "Exit status: 0 on SIGTERM or SIGINT, 1 another daemon works in the same state directory,\n"
      "2 wrong command line or configuration.\nExample: gravitee-renewd run");

  commands::RenewOptions renewal;
  auto* renew = app.add_subcommand("renew", "One pass now: renews what is due, and restarts the gateway");
  renew->add_option("NAME", renewal.names, "The certificates to renew; all without a name");
  renew->add_flag("--force", renewal.force, "Renew even what is not due");
  renew->add_flag("--dry-run", renewal.dry_run,
                  "Try everything but the request, the replacement of the keystore and the restart");
  renew->footer(
      "Exit status: 0 done or nothing due, 1 something failed, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd renew production --force");

  commands::ByHandOptions by_hand;
  auto* activate = app.add_subcommand("activate", "Repeats the gateway step: restarts it and verifies that it is well");
  activate->add_option("NAME", by_hand.name, "The certificate whose gateway is meant")->required();
  activate->footer(
      "Exit status: 0, 1 the gateway is not well, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd activate production");

  auto* rollback = app.add_subcommand("rollback", "Puts the keystore from before back and restarts the gateway");
  rollback->add_option("NAME", by_hand.name, "The certificate whose keystore is meant")->required();
  rollback->footer(
      "The keystore that is replaced is kept. Never goes back to an expired one.\n"
      "Exit status: 0, 1 not possible, or the gateway is not well, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd rollback production");

  commands::StatusOptions looking;
  auto* status = app.add_subcommand("status", "Where each certificate stands, also when no daemon runs");
  status->add_flag("--json", looking.json, "One JSON object instead of a table");
  status->add_flag("--watch", looking.watch, "Look again each second, until Ctrl-C");
  status->footer(
      "As wide as the terminal, or $COLUMNS; 80 columns and no colour when piped.\n"
      "Exit status: 0 whatever it shows, 1 this user may not look, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd status --watch");

  commands::CheckOptions checking;
  auto* check = app.add_subcommand("check", "One line and an exit status for Nagios, Icinga, Checkmk or cron");
  check->add_option("NAME", checking.names, "The certificates that are meant; all without a name");
  const CLI::Range possible_days(0.0, 36500.0);
  check->add_option("--warning", checking.thresholds.warning, "WARNING with so many days left; else renew_before")
      ->type_name("DAYS")
      ->check(possible_days);
  check->add_option("--critical", checking.thresholds.critical, "CRITICAL with fewer days left; else 7")
      ->type_name("DAYS")
      ->check(possible_days);
  check->footer(
      "Exit status: 0 OK, 1 WARNING, 2 CRITICAL (expired, unreadable, renewal failing),\n"
      "3 UNKNOWN (also wrong command line or configuration).\n"
      "Example: gravitee-renewd check production --warning 30 --critical 7");

  commands::PlanOptions planning;
  auto* plan = app.add_subcommand("plan", "What would happen next, when, and why");
  plan->add_option("NAME", planning.names, "The certificates that are meant; all without a name");
  plan->add_flag("--json", planning.json, "One JSON object instead of text");
  plan->footer(
      "Looks, and changes nothing.\n"
      "Exit status: 0, 2 wrong command line or configuration.\n"
      "Example: gravitee-renewd plan production");

  commands::ValidateOptions validation;
  auto* validate = app.add_subcommand("validate", "Checks the configuration and shows every error at once");
  validate->add_flag("--online", validation.online,
                     "Try the way to the cloud, too: name, proxy and TLS; the token is not sent");
  validate->add_flag("--strict", validation.strict, "Warnings are errors: for the host that the file is for");
  validate->footer(
      "What is wrong in the file is an error. What only this host can tell is a warning: a file that is missing or "
      "not\n"
      "readable by the daemon's user, a keystore that does not open, a unit that does not exist.\n"
      "Exit status: 0 valid, also with warnings; 2 not.\n"
      "Example: gravitee-renewd --config ./config.yaml validate\n"
      "Example: gravitee-renewd validate --strict --online");

  commands::InspectOptions inspection;
  auto* inspect = app.add_subcommand("inspect", "Shows what a keystore or an answer of the cloud holds");
  inspect->add_option("KEYSTORE", inspection.keystore, "PKCS#12, JKS, PEM, DER or PKCS#7, or a stored answer")
      ->required();
  inspect->add_option("--password-file", inspection.password_file, "A file that holds the password")->type_name("FILE");
  inspect->add_flag("--json", inspection.json, "One JSON object instead of a table");
  inspect->footer(
      "Exit status: 0, or 1 when the keystore cannot be read.\n"
      "Example: gravitee-renewd inspect keystore.p12 --password-file /etc/gravitee-renewd/keystore-password");

  commands::InitOptions beginning;
  auto* init = app.add_subcommand("init", "Writes a first configuration, filled in from gravitee.yml and the units");
  init->add_option("--from", beginning.from, "A gravitee.yml; by default those at the usual places")->type_name("FILE");
  init->add_option("--output", beginning.output,
                   "The file to write, - for standard output; by default that of --config")
      ->type_name("FILE");
  init->add_flag("--force", beginning.force, "Replace files that exist");
  init->add_option("--account-url", beginning.account_url, "As the cloud's token dialog shows it")->type_name("URL");
  init->add_option("--token-file", beginning.token_file, "The file that holds, or will hold, the account token")
      ->type_name("FILE");
  init->add_option("--password-file", beginning.password_file, "A file that holds the keystore's password")
      ->type_name("FILE");
  init->add_option("--unit", beginning.units, "The unit that reads the keystore, or none")->type_name("NAME");
  commands::PermissionsOptions permissions;
  bool wants_permissions = false;
  auto* permissions_flag = init->add_flag(
      "--permissions", wants_permissions,
      "Instead, write a polkit rule for the gateway's units and a drop-in of the service, from --config");
  init->add_option("--root", permissions.root, "With --permissions: write below this directory")
      ->type_name("DIRECTORY")
      ->capture_default_str()
      ->needs(permissions_flag);
  init->add_flag("--dry-run", permissions.dry_run, "With --permissions: show what would be written")
      ->needs(permissions_flag);
  init->footer(
      "Asks at the terminal for what it cannot find; without one it lists what is missing. Passwords go into files of\n"
      "their own beside the configuration. Files that exist are left alone, unless --force is given.\n"
      "Exit status: 0 written, 1 ended at the terminal or not possible, 2 something is missing or wrong, or exists.\n"
      "Example: gravitee-renewd init --from /etc/gravitee-gateway/gravitee.yml\n"
      "Example: gravitee-renewd init --permissions");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool only_asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    if (!only_asked && app.got_subcommand(check)) {
      const auto unknown = commands::check_unknown(std::string("wrong command line: ") + error.what());
      std::cout << unknown.line;
      return unknown.status;
    }
    if (only_asked || !explain_unknown_command(app)) {
      app.exit(error, std::cout, std::cerr);
    }
    return only_asked ? commands::kSuccess : commands::kUsageError;
  }
  if (run->parsed()) {
    return commands::run(configuration, std::cerr);
  }
  if (wants_permissions) {
    permissions.configuration = configuration;
    permissions.force = beginning.force;
    return commands::permissions(permissions, std::cout, std::cerr);
  }
  if (init->parsed()) {
    if (beginning.output.empty()) {
      beginning.output = configuration;
    }
    return commands::init(beginning, std::cout, std::cerr);
  }
  if (renew->parsed()) {
    renewal.configuration = configuration;
    return commands::renew(renewal, std::cout, std::cerr);
  }
  const commands::Screen screen = commands::screen_of(STDOUT_FILENO);
  if (status->parsed()) {
    looking.configuration = configuration;
    return commands::status(looking, screen, std::cout, std::cerr);
  }
  if (check->parsed()) {
    checking.configuration = configuration;
    return commands::check(checking, std::cout, std::cerr);
  }
  if (plan->parsed()) {
    planning.configuration = configuration;
    return commands::plan(planning, screen, std::cout, std::cerr);
  }
  by_hand.configuration = configuration;
  if (activate->parsed()) {
    return commands::activate(by_hand, std::cout, std::cerr);
  }
  if (rollback->parsed()) {
    return commands::rollback(by_hand, std::cout, std::cerr);
  }
  if (validate->parsed()) {
    validation.configuration = configuration;
    return commands::validate(validation, std::cout, std::cerr);
  }
  return commands::inspect(inspection, screen, std::cout, std::cerr);
}

// A result that could not be written (a full disk, a closed pipe) is no result.
int with_output_written(int status) {
  std::cout.flush();
  if (std::cout || status != commands::kSuccess) {
    return status;
  }
  std::cerr << "gravitee-renewd: the result could not be written to standard output\n";
  return commands::kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  renewd::keep_memory_private();
  renewd::certificate::wipe_what_openssl_frees();
  // A reader of our output that goes away (a closed pipe) must not end a renewal half-way.
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return with_output_written(dispatch(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "gravitee-renewd: internal error: " << error.what() << '\n';
    return commands::kFailure;
  }
}
