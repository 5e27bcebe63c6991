#include "assessment_cases.hpp"

#include "unit/renewal/windows.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using report::CertificateStatus;
using state::Phase;
using Kind = report::FindingKind;
using enum report::Severity;

constexpr std::chrono::hours kDay = 24h;

CertificateStatus with_in_use(CertificateStatus standing, std::chrono::seconds left) {
  standing.in_use = another_in_use(left);
  return standing;
}

CertificateStatus with_replaced(CertificateStatus standing, std::chrono::seconds left) {
  standing.replaced = another_in_use(left);
  return standing;
}

CertificateStatus with_problem(CertificateStatus standing, std::optional<Problem> CertificateStatus::* which,
                               Problem problem) {
  standing.*which = std::move(problem);
  return standing;
}

CertificateStatus with_token_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::token_problem,
                      {"the account token expired at 2026-01-01T00:00:00Z: create a new one"});
}

CertificateStatus with_replacement_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::replacement_problem,
                      {"/opt/graviteeio/apim/gateway/config is owned by gravitee"});
}

CertificateStatus with_token_until(CertificateStatus standing, std::chrono::seconds left) {
  standing.token_not_after = kNow + left;
  return standing;
}

CertificateStatus with_state_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::state_problem,
                      {"/var/lib/gravitee-renewd: too little space: 12 KiB are free, and a renewal may need 4096 KiB"});
}

CertificateStatus with_ca_file_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::ca_file_problem,
                      {"http.ca_file: opening /etc/ssl/ca.pem: No such file or directory"});
}

CertificateStatus with_configuration_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::configuration_problem,
                      {"the configuration that is in effect is not the one in the file", "reload it"});
}

CertificateStatus with_activation_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::activation_problem,
                      {"gateway.service does not exist on this host"});
}

CertificateStatus with_health_check_problem(CertificateStatus standing) {
  return with_problem(std::move(standing), &CertificateStatus::health_check_problem,
                      {"GET http://localhost:18082/_node/health: HTTP 401 instead of 200", "set the password"});
}

report::FleetStatus fleet() {
  return {.hosts = 20, .hosts_in_use_of_newest = 12, .generation = 7, .state = "current"};
}

CertificateStatus in_fleet(CertificateStatus standing, report::FleetStatus fleet) {
  standing.fleet = std::move(fleet);
  return standing;
}

CertificateStatus without_etcd(CertificateStatus standing, std::chrono::seconds since) {
  auto seen = fleet();
  seen.unreachable = "timeout";
  seen.problem = Problem{"https://etcd-1.example.com:2379: no response within 10 s"};
  seen.unreachable_since = kNow - since;
  return in_fleet(std::move(standing), seen);
}

CertificateStatus halted(CertificateStatus standing, const std::string& reason) {
  auto seen = fleet();
  seen.halt = state::FleetHalt{reason, "gateway-3/production", kNow - 1h};
  return in_fleet(std::move(standing), seen);
}

CertificateStatus behind(CertificateStatus standing, std::chrono::seconds since) {
  auto seen = fleet();
  seen.state = "waiting";
  seen.sentence = "its turn comes after gateway-1/production";
  seen.behind_since = kNow - since;
  return in_fleet(std::move(standing), seen);
}

CertificateStatus unable(CertificateStatus standing, std::chrono::seconds since) {
  auto seen = fleet();
  seen.state = "unable";
  seen.sentence = "checking the renewed certificate: the CA that issued it is not in keystore.ca_file";
  seen.behind_since = kNow - since;
  return in_fleet(std::move(standing), seen);
}

CertificateStatus with_fleet_problem(CertificateStatus standing, std::optional<Problem> report::FleetStatus::* which) {
  auto seen = standing.fleet.value_or(fleet());
  seen.*which = Problem{"gateway-3/production is not as it should be"};
  return in_fleet(std::move(standing), seen);
}

CertificateStatus with_gateway(CertificateStatus standing, gateway::Health health) {
  standing.gateway = gateway::GatewayState{health, "gateway.service is as the test says", "gateway.service"};
  return standing;
}

CertificateStatus with_unhealthy_gateway(CertificateStatus standing) {
  standing.gateway =
      gateway::GatewayState{gateway::Health::unhealthy, "GET http://localhost:18082/_node/health: HTTP 500", ""};
  return standing;
}

// Issued before the installed one, although it expires later.
CertificateStatus with_longer_in_use(CertificateStatus standing) {
  standing.in_use = another_in_use(400 * kDay);
  standing.in_use->not_before = kNow - 400 * kDay;
  return standing;
}

CertificateStatus rolled_back(CertificateStatus standing) {
  standing.history.push_back({"rolled_back", standing.longer_lasting->certificate->fingerprint, kNow - kDay});
  return standing;
}

CertificateStatus activated_by_hand(CertificateStatus standing) {
  standing.history.push_back({"activated", standing.outlook->certificate.fingerprint_sha256(), kNow - kDay});
  return standing;
}

CertificateStatus with_longer_lasting(CertificateStatus standing) {
  standing.longer_lasting = {2, another_in_use(364 * kDay)};
  return standing;
}

Situation in_window() {
  return {.left = 29 * kDay};
}

Situation failing(Situation situation, unsigned times, const std::string& error_class) {
  situation.attempts = failed(times, error_class, "message");
  return situation;
}

Situation at(Situation situation, Phase phase, std::chrono::seconds ago = 1min) {
  situation.unfinished = journal_at(phase);
  situation.unfinished->reached[phase] = kNow - ago;
  return situation;
}

Situation interrupted(Situation situation) {
  situation.attempts.not_before = kNow + 12h;
  return situation;
}

CertificateStatus without_daemon(CertificateStatus standing) {
  standing.run_problem = "no daemon is running";
  return standing;
}

std::vector<AssessmentCase> made() {
  const auto never = configuration::RenewMode::never;
  const Situation three_days_before_a_window{
      .left = 3 * kDay + 1h, .renew_windows = {window("wed 02:00-05:00")}, .override_windows_before = kDay};
  std::vector<AssessmentCase> cases{
      {"nothing is wrong", standing_in({}), {{Kind::not_expiring, ok}}},
      {"renewed a moment ago", standing_in({.left = 365 * kDay - 1s}), {{Kind::not_expiring, ok}}},
      {"the window opens in a second", standing_in({.left = 30 * kDay + 1s}), {{Kind::not_expiring, ok}}},
      {"the window is open, and this host's turn comes later",
       standing_in({.left = 30 * kDay - 1s}),
       {{Kind::not_expiring, ok}}},
      {"due now", standing_in({.left = 30 * kDay - 3h - 12min}), {{Kind::not_expiring, ok}}},
      {"due for almost an hour", standing_in({.left = 30 * kDay - 4h - 11min}), {{Kind::not_expiring, ok}}},
      {"due for more than an hour", standing_in({.left = 30 * kDay - 4h - 13min}), {{Kind::expiring, warning}}},
      {"due now, and being requested",
       standing_in(at({.left = 30 * kDay - 3h - 13min}, Phase::requested)),
       {{Kind::not_expiring, ok}}},
      {"waits for a maintenance window with weeks to go",
       standing_in({.left = 20 * kDay, .renew_windows = {window("sun 02:00-05:00")}}),
       {{Kind::not_expiring, ok}}},
      {"a maintenance window is open",
       standing_in({.left = 20 * kDay, .renew_windows = {window("tue 05:30-09:00")}}),
       {{Kind::not_expiring, ok}}},
      {"a maintenance window has been open for hours",
       standing_in({.left = 20 * kDay, .renew_windows = {window("tue 00:00-09:00")}}),
       {{Kind::expiring, warning}}},
      {"maintenance windows are ignored now",
       standing_in(
           {.left = 7 * kDay + 12h, .renew_windows = {window("sun 02:00-05:00")}, .override_windows_before = 8 * kDay}),
       {{Kind::expiring, warning}}},
      {"a renewed certificate waits for a maintenance window",
       standing_in(at({.left = 28 * kDay, .activate_windows = {window("sun 02:00-05:00")}}, Phase::answered)),
       {{Kind::not_expiring, ok}}},
      {"the maintenance window for a renewed certificate is open",
       standing_in(at({.left = 28 * kDay, .activate_windows = {window("tue 05:30-09:00")}}, Phase::answered)),
       {{Kind::not_expiring, ok}}},
      {"a renewed certificate waits for a maintenance window, and installing it has failed",
       standing_in(failing(at({.left = 28 * kDay, .activate_windows = {window("sun 02:00-05:00")}}, Phase::answered), 1,
                           "disk")),
       {{Kind::expiring, warning}, {Kind::renewal_failing, warning}}},
      {"seven days left", standing_in({.left = 7 * kDay}), {{Kind::expiring, warning}}},
      {"less than seven days left", standing_in({.left = 7 * kDay - 1s}), {{Kind::expiring, critical}}},
      {"three days left, waiting for a maintenance window",
       standing_in(three_days_before_a_window),
       {{Kind::expiring, critical}}},
      {"expires now", standing_in({.left = 0s}), {{Kind::expired, critical}}},
      {"expired", standing_in({.left = -3 * kDay}), {{Kind::expired, critical}}},
      {"watched only, in the window", standing_in({.left = 29 * kDay, .renew = never}), {{Kind::expiring, warning}}},
      {"watched only, expired", standing_in({.left = -1h, .renew = never}), {{Kind::expired, critical}}},
      {"watched only, with old failures",
       standing_in(failing({.left = 29 * kDay, .renew = never}, 20, "tls")),
       {{Kind::expiring, warning}}},
      {"a clock before notBefore", standing_in({.left = 57 * 365 * kDay}), {{Kind::clock_in_doubt, warning}}},
      {"unreadable", unreadable("production"), {{Kind::keystore_unreadable, critical}}},

      {"a newer keystore was put there by hand, and the gateway's old certificate expires in three days",
       with_in_use(standing_in({.left = 364 * kDay}), 3 * kDay),
       {{Kind::expiring, critical}, {Kind::old_certificate_in_use, warning}}},
      {"a newer keystore was put there by hand, and the gateway's old certificate has expired",
       with_in_use(standing_in({.left = 364 * kDay}), -1h),
       {{Kind::expired, critical}, {Kind::old_certificate_in_use, warning}}},
      {"the gateway's old certificate has long to go",
       with_in_use(standing_in({.left = 364 * kDay}), 200 * kDay),
       {{Kind::old_certificate_in_use, warning}, {Kind::not_expiring, ok}}},
      {"an older keystore was put there by hand",
       with_in_use(standing_in({}), 400 * kDay),
       {{Kind::older_keystore_installed, warning}, {Kind::not_expiring, ok}}},
      {"an older keystore was put there by hand, and expires in three days",
       with_in_use(standing_in({.left = 3 * kDay}), 400 * kDay),
       {{Kind::expiring, critical}, {Kind::older_keystore_installed, warning}}},
      {"an older keystore was put in place of a stored one, and the gateway uses it",
       with_longer_lasting(standing_in({})),
       {{Kind::older_keystore_installed, warning}, {Kind::not_expiring, ok}}},
      {"a new keystore of a shorter life was put there by hand",
       with_longer_in_use(standing_in({})),
       {{Kind::other_certificate_in_use, warning}, {Kind::not_expiring, ok}}},
      {"a stored keystore lasts longer than the installed one, after a roll-back",
       rolled_back(with_longer_lasting(standing_in({}))),
       {{Kind::not_expiring, ok}, {Kind::longer_lasting_stored, ok}}},
      {"an operator has activated the older keystore",
       activated_by_hand(with_longer_lasting(standing_in({}))),
       {{Kind::not_expiring, ok}, {Kind::longer_lasting_stored, ok}}},
      {"a stored keystore lasts longer than the installed one, which expires, after a roll-back",
       rolled_back(with_longer_lasting(standing_in({.left = 3 * kDay}))),
       {{Kind::expiring, critical}, {Kind::longer_lasting_stored, ok}}},

      {"a response waits to be installed, out of the window",
       standing_in(at({}, Phase::answered)),
       {{Kind::not_expiring, ok}}},
      {"a renewed keystore is installed, and the gateway is being restarted",
       with_in_use(standing_in(at({.left = 364 * kDay}, Phase::installed)), 29 * kDay),
       {{Kind::not_expiring, ok}, {Kind::activation_pending, ok}}},
      {"a renewed keystore is installed, and the gateway has not been restarted for hours",
       with_in_use(standing_in(at({.left = 364 * kDay}, Phase::installed, 2h)), 29 * kDay),
       {{Kind::expiring, warning}, {Kind::activation_pending, warning}}},
      {"a renewed keystore is installed, and restarting the gateway was interrupted again and again",
       standing_in(interrupted(at({.left = 364 * kDay}, Phase::installed, 2h))),
       {{Kind::activation_pending, warning}, {Kind::not_expiring, ok}}},
      {"the first renewed keystore is installed, and the gateway has not been restarted",
       with_replaced(standing_in(at({.left = 364 * kDay, .in_use = false}, Phase::installed)), 3 * kDay),
       {{Kind::expiring, critical}, {Kind::activation_pending, ok}}},
      {"the replaced keystore is being restored",
       with_replaced(standing_in(at({.left = 3 * kDay, .in_use = false}, Phase::rolling_back)), 364 * kDay),
       {{Kind::expiring, critical}, {Kind::restoration_pending, warning}}},
      {"the gateway has been restarted, and is being verified",
       standing_in(at({}, Phase::activated)),
       {{Kind::not_expiring, ok}, {Kind::activation_pending, ok}}},
      {"the previous keystore is being restored",
       standing_in(at({}, Phase::rolling_back)),
       {{Kind::restoration_pending, warning}, {Kind::not_expiring, ok}}},
      {"the gateway may be down",
       standing_in(failing(at({}, Phase::installed), 1, "gateway")),
       {{Kind::renewal_failing, critical}, {Kind::activation_pending, warning}, {Kind::not_expiring, ok}}},
      {"restoring the previous keystore fails",
       standing_in(failing(at({}, Phase::rolling_back), 1, "gateway")),
       {{Kind::renewal_failing, critical}, {Kind::restoration_pending, warning}, {Kind::not_expiring, ok}}},
      {"the gateway failed, and runs with the previous certificate",
       standing_in(failing(in_window(), 1, "gateway")),
       {{Kind::expiring, warning}, {Kind::renewal_failing, warning}}},
      {"failures before a newer keystore was put there",
       standing_in(failing({.left = 300 * kDay}, 20, "tls")),
       {{Kind::not_expiring, ok}}},
      {"failures with a response that waits",
       standing_in(failing(at({.left = 300 * kDay}, Phase::answered), 20, "tls")),
       {{Kind::renewal_failing, critical}, {Kind::not_expiring, ok}}},

      {"the token cannot be used, long before it is needed",
       with_token_problem(standing_in({})),
       {{Kind::token_unusable, warning}, {Kind::not_expiring, ok}}},
      {"the token expires before the renewal",
       with_token_until(standing_in({}), 100 * kDay),
       {{Kind::token_expires_before_renewal, warning}, {Kind::not_expiring, ok}}},
      {"the token expires after the renewal",
       with_token_until(standing_in({}), 290 * kDay),
       {{Kind::not_expiring, ok}}},
      {"the token expires, and nothing is renewed",
       with_token_until(standing_in({.renew = never}), 100 * kDay),
       {{Kind::not_expiring, ok}}},
      {"the disk of the state is full",
       with_state_problem(standing_in({})),
       {{Kind::state_not_writable, warning}, {Kind::not_expiring, ok}}},
      {"the disk of the state is full while a renewal is due",
       with_state_problem(standing_in(in_window())),
       {{Kind::state_not_writable, critical}, {Kind::expiring, warning}}},
      {"the disk of the state is full while a renewal is unfinished",
       with_state_problem(standing_in(at({}, Phase::answered))),
       {{Kind::state_not_writable, critical}, {Kind::not_expiring, ok}}},
      {"a CA file is missing",
       with_ca_file_problem(standing_in({})),
       {{Kind::ca_file_unusable, warning}, {Kind::not_expiring, ok}}},
      {"the daemon runs with another configuration",
       with_configuration_problem(standing_in({})),
       {{Kind::configuration_not_in_effect, warning}, {Kind::not_expiring, ok}}},
      {"a fleet in order", in_fleet(standing_in({}), fleet()), {{Kind::not_expiring, ok}}},
      {"etcd has not answered for an hour",
       without_etcd(standing_in({}), 1h),
       {{Kind::fleet_unreachable, warning}, {Kind::not_expiring, ok}}},
      {"etcd has not answered for a while", without_etcd(standing_in({}), 59min), {{Kind::not_expiring, ok}}},
      {"a gateway of the fleet failed",
       halted(standing_in({}), "failed"),
       {{Kind::fleet_halted, warning}, {Kind::not_expiring, ok}}},
      {"a host of the fleet was lost",
       halted(standing_in({}), "lost"),
       {{Kind::fleet_halted, warning}, {Kind::not_expiring, ok}}},
      {"an operator halted the fleet",
       halted(standing_in({}), "operator"),
       {{Kind::fleet_halted, warning}, {Kind::not_expiring, ok}}},
      {"the gateway has waited a day for its turn",
       behind(standing_in({}), kDay),
       {{Kind::fleet_lagging, warning}, {Kind::not_expiring, ok}}},
      {"the gateway waits for its turn", behind(standing_in({}), 23h), {{Kind::not_expiring, ok}}},
      {"the others have another fleet key",
       with_fleet_problem(standing_in({}), &report::FleetStatus::other_key),
       {{Kind::fleet_key_differs, warning}, {Kind::not_expiring, ok}}},
      {"a value of the fleet cannot be used",
       with_fleet_problem(standing_in({}), &report::FleetStatus::refused),
       {{Kind::fleet_value_refused, warning}, {Kind::not_expiring, ok}}},
      {"what the fleet published cannot be used",
       unable(standing_in({}), 0s),
       {{Kind::fleet_unable, warning}, {Kind::not_expiring, ok}}},
      {"what the fleet published cannot be used for two days",
       unable(standing_in({}), 2 * kDay),
       {{Kind::fleet_unable, warning}, {Kind::not_expiring, ok}}},
      {"what the fleet published was sealed with another key",
       with_fleet_problem(unable(standing_in({}), 0s), &report::FleetStatus::other_key),
       {{Kind::fleet_key_differs, warning}, {Kind::not_expiring, ok}}},
      {"two hosts have one name",
       with_fleet_problem(standing_in({}), &report::FleetStatus::conflict),
       {{Kind::fleet_conflict, warning}, {Kind::not_expiring, ok}}},
      {"the gateway's unit is missing",
       with_activation_problem(standing_in({})),
       {{Kind::gateway_not_restartable, warning}, {Kind::not_expiring, ok}}},
      {"the gateway's health check cannot be made",
       with_health_check_problem(with_gateway(standing_in({}), gateway::Health::up)),
       {{Kind::gateway_health_unknown, warning}, {Kind::not_expiring, ok}}},
      {"the gateway is up", with_gateway(standing_in({}), gateway::Health::up), {{Kind::not_expiring, ok}}},
      {"the gateway is starting", with_gateway(standing_in({}), gateway::Health::changing), {{Kind::not_expiring, ok}}},
      {"the gateway was stopped by an operator",
       with_gateway(standing_in({}), gateway::Health::stopped),
       {{Kind::gateway_down, warning}, {Kind::not_expiring, ok}}},
      {"the gateway is down",
       with_gateway(standing_in({}), gateway::Health::down),
       {{Kind::gateway_down, critical}, {Kind::not_expiring, ok}}},
      {"the gateway is down, and only watched",
       with_gateway(standing_in({.renew = never}), gateway::Health::down),
       {{Kind::gateway_down, critical}, {Kind::not_expiring, ok}}},
      {"the gateway is unhealthy",
       with_unhealthy_gateway(standing_in({})),
       {{Kind::gateway_down, critical}, {Kind::not_expiring, ok}}},
      {"the gateway is down after a renewed keystore was installed",
       with_gateway(standing_in(failing(at({}, Phase::installed), 1, "gateway")), gateway::Health::down),
       {{Kind::gateway_down, critical},
        {Kind::renewal_failing, critical},
        {Kind::activation_pending, warning},
        {Kind::not_expiring, ok}}},
      {"the keystore could not be replaced",
       with_replacement_problem(standing_in({})),
       {{Kind::keystore_not_replaceable, warning}, {Kind::not_expiring, ok}}},
      {"no daemon is running",
       without_daemon(standing_in({})),
       {{Kind::daemon_not_running, warning}, {Kind::not_expiring, ok}}},
      {"no daemon is running, and this host's turn would come later",
       without_daemon(standing_in({.left = 30 * kDay - 1s})),
       {{Kind::expiring, warning}, {Kind::daemon_not_running, warning}}},
      {"no daemon is running, and nothing is to be renewed",
       without_daemon(standing_in({.renew = never})),
       {{Kind::not_expiring, ok}}},
      {"the keystore cannot be read, and the gateway is down",
       with_gateway(with_replacement_problem(with_token_problem(unreadable("production"))), gateway::Health::down),
       {{Kind::gateway_down, critical}, {Kind::keystore_unreadable, critical}, {Kind::token_unusable, warning}}},
      {"the keystore cannot be read, and the disk of the state is full",
       with_state_problem(unreadable("production")),
       {{Kind::keystore_unreadable, critical}, {Kind::state_not_writable, warning}}},
      {"no daemon is running, and the keystore cannot be read",
       without_daemon(unreadable("production")),
       {{Kind::keystore_unreadable, critical}, {Kind::daemon_not_running, warning}}},
      {"a stored response needs no token",
       with_token_until(
           standing_in(at({.left = 28 * kDay, .activate_windows = {window("sun 02:00-05:00")}}, Phase::answered)), 1h),
       {{Kind::not_expiring, ok}}},
      {"several problems at once",
       with_replacement_problem(with_token_problem(with_in_use(standing_in(failing(in_window(), 2, "tls")), 3 * kDay))),
       {{Kind::expiring, critical},
        {Kind::renewal_failing, critical},
        {Kind::old_certificate_in_use, warning},
        {Kind::token_unusable, warning},
        {Kind::keystore_not_replaceable, warning}}},
  };
  const auto add_failing = [&cases](const std::string& error_class, unsigned times, report::Severity severity) {
    AssessmentCase failing_case{error_class + " failed " + std::to_string(times) + " times",
                                standing_in(failing(in_window(), times, error_class)),
                                {{Kind::expiring, warning}, {Kind::renewal_failing, severity}}};
    if (severity == critical) {
      std::swap(failing_case.findings[0], failing_case.findings[1]);
    }
    cases.push_back(std::move(failing_case));
  };
  for (const std::string transient : {"dns", "connect", "proxy", "timeout", "rate_limited", "server_error", "disk"}) {
    add_failing(transient, 1, warning);
    add_failing(transient, 7, warning);
    add_failing(transient, 8, critical);
  }
  for (const std::string lasting : {"tls", "unauthorized", "client_error", "bad_answer", "gateway", "unheard-of"}) {
    add_failing(lasting, 1, warning);
    add_failing(lasting, 2, critical);
  }
  return cases;
}

}  // namespace

const std::vector<AssessmentCase>& assessment_cases() {
  static const auto kCases = made();
  return kCases;
}

}  // namespace renewd::testing
