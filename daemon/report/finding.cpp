#include "report/finding.hpp"

namespace renewd::report {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "OK";
    case Severity::warning:
      return "WARNING";
    case Severity::critical:
      return "CRITICAL";
  }
  return "UNKNOWN";
}

namespace {

struct KindNames {
  std::string_view name;
  std::string_view label;
};

KindNames names_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::keystore_unreadable:
      return {"keystore_unreadable", "unreadable"};
    case FindingKind::clock_in_doubt:
      return {"clock_in_doubt", "clock in doubt"};
    case FindingKind::expired:
      return {"expired", "expired"};
    case FindingKind::expiring:
      return {"expiring", "expires soon"};
    case FindingKind::not_expiring:
      return {"not_expiring", "in order"};
    case FindingKind::activation_pending:
      return {"activation_pending", "waiting for the gateway"};
    case FindingKind::restoration_pending:
      return {"restoration_pending", "rolling back"};
    case FindingKind::old_certificate_in_use:
      return {"old_certificate_in_use", "old certificate in use"};
    case FindingKind::other_certificate_in_use:
      return {"other_certificate_in_use", "other certificate in use"};
    case FindingKind::renewal_failing:
      return {"renewal_failing", "renewal failing"};
    case FindingKind::gateway_down:
      return {"gateway_down", "gateway down"};
    case FindingKind::state_not_writable:
      return {"state_not_writable", "state not writable"};
    case FindingKind::older_keystore_installed:
      return {"older_keystore_installed", "older keystore installed"};
    case FindingKind::token_unusable:
      return {"token_unusable", "account token unusable"};
    case FindingKind::keystore_not_replaceable:
      return {"keystore_not_replaceable", "keystore not replaceable"};
    case FindingKind::daemon_not_running:
      return {"daemon_not_running", "not watched"};
    case FindingKind::token_expires_before_renewal:
      return {"token_expires_before_renewal", "account token expires too early"};
    case FindingKind::gateway_not_restartable:
      return {"gateway_not_restartable", "gateway not restartable"};
    case FindingKind::gateway_health_unknown:
      return {"gateway_health_unknown", "gateway health unknown"};
    case FindingKind::ca_file_unusable:
      return {"ca_file_unusable", "CA file unusable"};
    case FindingKind::configuration_not_in_effect:
      return {"configuration_not_in_effect", "configuration not in effect"};
    case FindingKind::fleet_unreachable:
      return {"fleet_unreachable", "etcd unreachable"};
    case FindingKind::fleet_halted:
      return {"fleet_halted", "fleet halted"};
    case FindingKind::fleet_lagging:
      return {"fleet_lagging", "behind the fleet"};
    case FindingKind::fleet_key_differs:
      return {"fleet_key_differs", "other fleet key"};
    case FindingKind::fleet_conflict:
      return {"fleet_conflict", "name used twice"};
    case FindingKind::fleet_value_refused:
      return {"fleet_value_refused", "fleet's values unusable"};
    case FindingKind::fleet_unable:
      return {"fleet_unable", "cannot follow the fleet"};
    case FindingKind::longer_lasting_stored:
      return {"longer_lasting_stored", "in order"};
  }
  return {"unknown", "unknown"};
}

}  // namespace

std::string_view to_string(FindingKind kind) {
  return names_of(kind).name;
}

std::string_view label(FindingKind kind) {
  return names_of(kind).label;
}

// Only what helps whatever the cause is: an error whose cause is known has its own advice.
std::string_view advice_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
    case ErrorKind::connect:
      return "check whether this host can reach the cloud: gravitee-renewd renew --dry-run";
    case ErrorKind::timeout:
      return "wait for the next attempt; if this lasts, find out whether a firewall on the way drops packets silently: "
             "gravitee-renewd renew --dry-run; raise http.request_timeout only if the cloud is slow";
    case ErrorKind::proxy:
      return "check http.proxy and its password: gravitee-renewd renew --dry-run";
    case ErrorKind::tls:
      return "find out what refuses TLS between this host and the server of the message: "
             "/usr/share/doc/gravitee-renewd/docs/operations.md, \"tls\"; gravitee-renewd renew --dry-run tries again";
    case ErrorKind::unauthorized:
      return "create a new account token in Gravitee Cloud (Settings > Account Tokens) and store it where `token` "
             "points, readable by the service's user: /usr/share/doc/gravitee-renewd/docs/operations.md, \"Rotating "
             "the "
             "account token\"";
    case ErrorKind::client_error:
      return "compare account_url with the URL in the cloud's account-token dialog";
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
      return "nothing on this host helps; contact Gravitee's support if it lasts, or at once if less than a week is "
             "left";
    case ErrorKind::bad_answer:
      return "examine the rejected answer with gravitee-renewd inspect; report it to Gravitee without the file, which "
             "may hold a key: /usr/share/doc/gravitee-renewd/docs/operations.md, \"Rejected answers\"";
    case ErrorKind::disk:
      return "fix what the message names: /usr/share/doc/gravitee-renewd/docs/operations.md, \"disk\"; gravitee-renewd "
             "validate and gravitee-renewd renew --dry-run show whether it worked";
    case ErrorKind::gateway:
      return "find the cause in the gateway's own log and fix it; the daemon retries by itself";
    case ErrorKind::fleet:
      return "check whether this host can reach etcd: gravitee-renewd validate --online; "
             "/usr/share/doc/gravitee-renewd/docs/fleet.md, \"etcd unreachable\"";
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return "";
  }
  return "";
}

std::string advice_on(const Error& error) {
  return error.advice.empty() ? std::string(advice_for(error.kind)) : error.advice;
}

}  // namespace renewd::report
