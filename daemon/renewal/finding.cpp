#include "renewal/finding.hpp"

namespace renewd::renewal {

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

std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::keystore_unreadable:
      return "keystore_unreadable";
    case FindingKind::clock_in_doubt:
      return "clock_in_doubt";
    case FindingKind::expired:
      return "expired";
    case FindingKind::expiring:
      return "expiring";
    case FindingKind::not_expiring:
      return "not_expiring";
    case FindingKind::activation_pending:
      return "activation_pending";
    case FindingKind::restoration_pending:
      return "restoration_pending";
    case FindingKind::old_certificate_in_use:
      return "old_certificate_in_use";
    case FindingKind::other_certificate_in_use:
      return "other_certificate_in_use";
    case FindingKind::renewal_failing:
      return "renewal_failing";
    case FindingKind::token_unusable:
      return "token_unusable";
    case FindingKind::keystore_not_replaceable:
      return "keystore_not_replaceable";
    case FindingKind::longer_lasting_stored:
      return "longer_lasting_stored";
  }
  return "unknown";
}

std::string_view advice_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::timeout:
      return "check whether this host reaches the cloud: gravitee-renewd renew --dry-run";
    case ErrorKind::proxy:
      return "check http.proxy and its password: gravitee-renewd renew --dry-run";
    case ErrorKind::tls:
      return "trust the certificate of the cloud or of a proxy in between (http.ca_file): "
             "gravitee-renewd renew --dry-run";
    case ErrorKind::unauthorized:
      return "make a new account token in the cloud (Settings > Account Tokens) and put it where `token` points, for "
             "the service's user to read: docs/operations.md, \"Rotating the account token\"";
    case ErrorKind::client_error:
      return "compare account_url with what the cloud's account-token dialog shows";
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
      return "nothing on this host; ask Gravitee if it lasts";
    case ErrorKind::bad_answer:
      return "look at the rejected answer with gravitee-renewd inspect, and show it to Gravitee";
    case ErrorKind::disk:
      return "free some space, or fix the permissions of the files that the error names; where the service lacks them: "
             "gravitee-renewd init --permissions; where D-Bus or systemd did not answer: systemctl status dbus";
    case ErrorKind::gateway:
      return "check the gateway's own log and fix it; where the service may not restart it: gravitee-renewd init "
             "--permissions; the daemon tries again by itself, and gravitee-renewd renew at once";
    case ErrorKind::fleet:
      return "check whether the hosts of the fleet reach each other";
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return "";
  }
  return "";
}

}  // namespace renewd::renewal
