#include "preflight/host_check.hpp"

#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "gateway/log_probe.hpp"
#include "gateway/systemd_units.hpp"
#include "preflight/host_files.hpp"

namespace renewd::preflight {
namespace {

namespace asio = boost::asio;
using configuration::GatewaySettings;
using gateway::InstalledUnit;
using gateway::SystemdUnits;

constexpr std::string_view kOwnUnit = "gravitee-renewd.service";
// More units than any service depends on, directly or indirectly.
constexpr std::size_t kMaxTies = 200;

struct NamedUnit {
  std::string key;
  std::string unit;
  bool is_restarted = true;
};

// Every unit that a certificate's `gateway` names.
std::vector<NamedUnit> units_of(const std::string& key, const GatewaySettings& settings) {
  std::vector<NamedUnit> units;
  if (const auto* systemd = std::get_if<configuration::SystemdGateway>(&settings.action)) {
    for (std::size_t i = 0; i < systemd->units.size(); ++i) {
      const std::string name = systemd->units.size() == 1 ? "unit" : fmt::format("units[{}]", i);
      units.push_back({fmt::format("{}.systemd.{}", key, name), systemd->units[i]});
    }
  }
  if (const auto* signal = std::get_if<configuration::SignalGateway>(&settings.action)) {
    if (const auto* unit = std::get_if<std::string>(&signal->target)) {
      units.push_back({key + ".signal.unit", *unit});
    }
  }
  if (settings.log_probe) {
    if (const auto* unit = std::get_if<std::string>(&settings.log_probe->target)) {
      units.push_back({key + ".verify.log.unit", *unit, false});
    }
  }
  return units;
}

void check_gateway_files(HostFiles& files, const std::string& key, const GatewaySettings& settings) {
  if (const auto* command = std::get_if<configuration::CommandGateway>(&settings.action)) {
    files.check_command(key + ".command.argv[0]", command->argv);
  }
  if (const auto* signal = std::get_if<configuration::SignalGateway>(&settings.action)) {
    if (const auto* pid_file = std::get_if<std::filesystem::path>(&signal->target)) {
      files.check_pid_file(key + ".signal.pid_file", *pid_file, signal->signal);
    }
  }
  if (settings.log_probe) {
    if (const auto* file = std::get_if<std::filesystem::path>(&settings.log_probe->target)) {
      files.check_readable(key + ".verify.log.file", "the gateway's log", *file);
    }
  }
}

std::string certificate_key(std::size_t index) {
  return fmt::format("certificates[{}]", index);
}

gateway::Deadline lookup_deadline() {
  return std::chrono::steady_clock::now() + gateway::kQuestionTimeout;
}

// The user of the installed unit, if it is not root and this process can check files as that user.
std::optional<User> service_user(const InstalledUnit& unit, std::vector<HostFinding>& findings) {
  if (!unit.usable) {
    return std::nullopt;
  }
  if (unit.user.empty() || unit.user == "root" || unit.user == "0") {
    return std::nullopt;  // commands/service_user says what is wrong with that
  }
  auto user = find_user(unit.user);
  if (!user) {
    findings.push_back(
        {"", Level::warning, fmt::format("{} runs as {}: {}", kOwnUnit, unit.user, user.error().message)});
    return std::nullopt;
  }
  for (const auto& name : unit.groups) {
    if (const auto group = find_group(name)) {
      user->groups.push_back(*group);
    }
  }
  if (::geteuid() == user->id) {
    return std::nullopt;
  }
  if (::geteuid() != 0) {
    findings.push_back({"", Level::info,
                        fmt::format("files were checked as the current user, but {} runs as {}; run this command as "
                                    "root to check them as that user",
                                    kOwnUnit, unit.user)});
    return std::nullopt;
  }
  return std::move(*user);
}

// The units that stop our own when they stop, directly or through others, with the setting that does it: a gateway that
// is restarted must not be among them. The reference is to an object of the caller's frame, which waits.
asio::awaitable<std::map<std::string, std::string>> stopped_by(SystemdUnits& systemd,
                                                               std::vector<gateway::StopTrigger> ties) {
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i < ties.size() && found.size() < kMaxTies; ++i) {
    const gateway::StopTrigger tie = ties[i];
    if (!found.try_emplace(tie.unit, tie.setting).second || tie.setting == "Conflicts") {
      continue;  // starting it stops our unit; what stops it does not
    }
    const auto unit = co_await systemd.look_up(tie.unit, lookup_deadline());
    if (unit) {
      for (const auto& next : unit->stopped_by) {
        if (next.setting != "Conflicts") {
          ties.push_back(next);
        }
      }
    }
  }
  co_return found;
}

// A gateway whose restart stops this daemon would be restarted unsupervised, or repeatedly.
void check_ties(HostFiles& files, const NamedUnit& named, const InstalledUnit& unit,
                const std::map<std::string, std::string>& stopped_by) {
  if (const auto tie = stopped_by.find(unit.name); tie != stopped_by.end()) {
    files.warn(
        named.key,
        fmt::format("restarting {} also stops {} ({}=), in the middle of a renewal: connect them only with Wants= "
                    "and After=",
                    unit.name, kOwnUnit, tie->second));
  }
  for (const auto& tie : unit.stopped_by) {
    if (tie.unit == kOwnUnit && tie.setting != "Conflicts") {
      files.warn(named.key,
                 fmt::format("stopping {} also stops {} ({}=), for example at each upgrade: connect them only with "
                             "Wants= and After=",
                             kOwnUnit, unit.name, tie.setting));
      return;
    }
  }
}

// The references are to objects of the caller's frame, which waits.
asio::awaitable<void> check_units(SystemdUnits& systemd, HostFiles& files, std::vector<NamedUnit> units,
                                  std::optional<InstalledUnit> own) {
  std::map<std::string, std::string> ties;
  if (own) {
    ties = co_await stopped_by(systemd, own->stopped_by);
  }
  for (const NamedUnit& named : units) {
    const auto unit = co_await systemd.look_up(named.unit, lookup_deadline());
    if (!unit) {
      files.note(named.key, fmt::format("{} was not checked: {}", named.unit, unit.error().message));
    } else if (!unit->usable) {
      files.warn(named.key, "the gateway's unit cannot be used: " + unit->usable.error().message);
    } else if (named.key.ends_with(".verify.log.unit") && !unit->output.empty()) {
      files.warn(named.key, gateway::no_journal_output(*unit));
    } else if (unit->name != named.unit) {
      files.note(named.key, fmt::format("{} is an alias of {}", named.unit, unit->name));
    }
    if (unit && own && named.is_restarted) {
      check_ties(files, named, *unit, ties);
    }
  }
}

}  // namespace

asio::awaitable<std::vector<HostFinding>> check_host(asio::any_io_executor executor, configuration::Settings settings,
                                                     std::filesystem::path file, TimePoint now) {
  std::vector<HostFinding> findings;
  std::optional<User> user;
  bool hides_homes = false;
  auto others = gateway::OtherProcesses::shown;
  std::optional<InstalledUnit> own_unit;
  auto systemd = SystemdUnits::connect(executor);
  if (systemd) {
    const auto own = co_await (*systemd)->look_up(std::string(kOwnUnit), lookup_deadline());
    if (own) {
      user = service_user(*own, findings);
      hides_homes = own->usable && own->hides_homes;
      if (own->usable && own->hides_processes) {
        others = gateway::OtherProcesses::hidden;
      }
      own_unit = own->usable ? std::optional(*own) : std::nullopt;
    } else {
      systemd = tl::unexpected(own.error());  // a bus without systemd, as in many containers
    }
  }
  HostFiles files(std::move(user), hides_homes, others, now);
  files.check_configuration(file);
  std::vector<NamedUnit> units;
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    const auto& certificate = settings.certificates[i];
    const std::string key = certificate_key(i);
    files.check_certificate(key, certificate, settings.state_directory);
    if (certificate.renew == configuration::RenewMode::never) {
      continue;  // its gateway is never activated
    }
    check_gateway_files(files, key + ".gateway", certificate.gateway);
    for (NamedUnit& unit : units_of(key + ".gateway", certificate.gateway)) {
      units.push_back(std::move(unit));
    }
  }
  files.check_global(settings);
  if (systemd) {
    co_await check_units(**systemd, files, std::move(units), std::move(own_unit));
  } else if (!units.empty()) {
    files.note(units.front().key, "units were not checked: " + systemd.error().message);
  }
  for (HostFinding& finding : files.take()) {
    findings.push_back(std::move(finding));
  }
  co_return findings;
}

}  // namespace renewd::preflight
