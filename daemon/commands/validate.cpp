#include "commands/validate.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <fmt/ostream.h>

#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/fleet_members.hpp"
#include "commands/fleet_probe.hpp"
#include "commands/permissions.hpp"
#include "commands/service_user.hpp"
#include "core/cancellation.hpp"
#include "fleet/etcd_store.hpp"
#include "http/https_client.hpp"
#include "preflight/host_check.hpp"
#include "source/cloud_source.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/fleet_link.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using configuration::Diagnostic;
using configuration::RenewMode;
using preflight::HostFinding;

// Compares the settings with this host. Must live as long as the loop runs.
class HostChecks {
 public:
  HostChecks(const ValidateOptions& options, const configuration::Settings& settings, std::ostream& out)
      : options_(options), settings_(settings), out_(out) {}

  // False after a signal.
  bool run() {
    loop_.start(check());
    return !loop_.run([](std::string_view) {});
  }

  const std::vector<HostFinding>& findings() const { return findings_; }

 private:
  asio::awaitable<void> check() {
    findings_ =
        co_await preflight::check_host(loop_.executor(), settings_, options_.configuration, SystemClock().now());
    if (is_configuration_of_service(options_.configuration)) {
      if (auto root = why_not_root(); !root.empty()) {
        findings_.push_back({"", Level::error, std::move(root)});
      }
      for (auto& problem : outdated_permissions(settings_)) {
        findings_.push_back({"", Level::warning, std::move(problem)});
      }
    }
    if (options_.online) {
      co_await check_cloud();
      const bool stopping = co_await stop_requested();
      if (settings_.fleet.etcd && !stopping) {
        co_await check_fleet();
      }
    }
  }

  // Checks each account once, even if several certificates share it.
  asio::awaitable<void> check_cloud() {
    http::HttpsClient http(loop_.executor(), settings_.http);
    std::set<std::string> tried;
    for (std::size_t i = 0; i < settings_.certificates.size(); ++i) {
      const auto& certificate = settings_.certificates[i];
      if (certificate.renew == RenewMode::never || !tried.insert(certificate.account_url).second) {
        continue;
      }
      const auto reached = co_await source::CloudSource(http, certificate).rehearse();
      const bool stopping = co_await stop_requested();
      if (stopping) {
        co_return;
      }
      if (reached) {
        say(out_, certificate.name, *reached);
        continue;
      }
      const bool proxy = reached.error().kind == ErrorKind::proxy;
      findings_.push_back({proxy ? "http.proxy" : fmt::format("certificates[{}].account_url", i), Level::warning,
                           "the cloud cannot be reached: " + reached.error().message +
                               (reached.error().advice.empty() ? "" : "; " + reached.error().advice)});
    }
  }

  asio::awaitable<void> check_fleet() {
    fleet::EtcdStore store(loop_.executor(), *settings_.fleet.etcd, supervision::fleet_host(*settings_.fleet.etcd));
    auto probe = co_await probe_fleet(store, settings_, read_fleet_keys(*settings_.fleet.etcd));
    for (const auto& sentence : probe.good) {
      say(out_, "fleet", sentence);
    }
    for (auto& finding : probe.findings) {
      findings_.push_back(std::move(finding));
    }
  }

  const ValidateOptions& options_;
  const configuration::Settings& settings_;
  std::ostream& out_;
  supervision::EventLoop loop_;
  std::vector<HostFinding> findings_;
};

std::vector<Diagnostic> located(const std::vector<HostFinding>& findings, const configuration::Places& places,
                                bool strict) {
  std::vector<Diagnostic> diagnostics;
  for (const HostFinding& finding : findings) {
    const auto place = finding.key.empty() ? configuration::Place() : places.of(finding.key);
    using configuration::Severity;
    const bool is_error = strict || finding.level == Level::error;
    diagnostics.push_back({place, finding.message,
                           finding.level == Level::info ? Severity::note
                           : is_error                   ? Severity::error
                                                        : Severity::warning});
  }
  std::sort(diagnostics.begin(), diagnostics.end());
  return diagnostics;
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

int validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors) {
  const auto loaded = load_located(options.configuration, errors);
  if (!loaded) {
    return kUsageError;
  }
  HostChecks checks(options, loaded->settings, out);
  if (!checks.run()) {
    return kFailure;
  }
  std::size_t warnings = 0;
  bool failed = false;
  for (const Diagnostic& diagnostic : located(checks.findings(), loaded->places, options.strict)) {
    errors << diagnostic.text(options.configuration) << '\n';
    warnings += diagnostic.severity == configuration::Severity::note ? 0U : 1U;
    failed = failed || diagnostic.severity == configuration::Severity::error;
  }
  if (failed) {
    return kUsageError;
  }
  fmt::print(out, "{}: valid, {}{}\n", options.configuration.string(),
             counted(loaded->settings.certificates.size(), "certificate"),
             warnings == 0 ? "" : ", " + counted(warnings, "warning"));
  return kSuccess;
}

}  // namespace renewd::commands
