#include "commands/plan.hpp"

#include <utility>

#include <boost/json.hpp>

#include "cloud/renew_api.hpp"
#include "commands/configured.hpp"
#include "commands/exit_status.hpp"
#include "commands/overview.hpp"
#include "commands/plan_sentence.hpp"
#include "commands/plan_text.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "http/https_client.hpp"
#include "report/certificate_status.hpp"
#include "service/event_output.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/wiring.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using configuration::CertificateSettings;
using report::CertificateStatus;

class Plan {
 public:
  Plan(const configuration::Settings& settings, TimePoint now)
      : settings_(settings),
        now_(now),
        log_(service::event_output(settings.log), clock_),
        http_(loop_.executor(), settings.http) {}

  std::string text(const CertificateSettings& certificate, const Screen& screen) {
    const CertificateStatus standing = standing_of(certificate);
    const RenewalDetails details =
        certificate.renew == configuration::RenewMode::never
            ? RenewalDetails()
            : RenewalDetails{cloud::renew_url(certificate.account_url), gateway(certificate),
                             standing.outlook ? windows_sentence(certificate, standing.outlook->splay, now_) : ""};
    return plan_text(standing, settings_.schedule, details, screen);
  }

  json::object as_json(const CertificateSettings& certificate) {
    json::object object{{"name", certificate.name}, {"keystore", certificate.keystore.path.string()}};
    const CertificateStatus standing = standing_of(certificate);
    const auto& outlook = standing.outlook;
    object["readable"] = outlook.has_value();
    if (!outlook) {
      object["error"] = outlook.error().message;
      return object;
    }
    object["not_before"] = format_time(outlook->certificate.not_before());
    object["not_after"] = format_time(outlook->certificate.not_after());
    object["window_opens"] = format_time(outlook->window_opens);
    object["splay_seconds"] = outlook->splay.count();
    object["action"] = to_string(outlook->step.act);
    object["reason"] = renewal::to_string(outlook->step.reason);
    object["message"] = outlook->step.message;
    object["next_attempt"] = format_time(outlook->step.at);
    object["next_check"] = format_time(outlook->next_look);
    object["failures_in_a_row"] = standing.attempts.failures_in_a_row;
    object["last_failure"] = standing.attempts.last_failure;
    object["requests_of_the_last_day"] = standing.requests.size();
    if (certificate.renew != configuration::RenewMode::never) {
      object["url"] = cloud::renew_url(certificate.account_url);
      object["gateway"] = gateway(certificate);
      object["windows"] = windows_sentence(certificate, outlook->splay, now_);
    }
    return object;
  }

 private:
  CertificateStatus standing_of(const CertificateSettings& certificate) {
    keystore::FileStore store(filesystem_, certificate.keystore);
    return report::look_at(filesystem_, store, certificate, settings_.schedule, settings_.state_directory, now_);
  }

  std::string gateway(const CertificateSettings& certificate) {
    const supervision::CertificateObjects objects(loop_.executor(), certificate, settings_.http, filesystem_, http_,
                                                  log_, clock_);
    return objects.context().gateway.description() +
           (certificate.gateway.rollback ? "; the previous keystore is restored if the gateway does not come up" : "");
  }

  const configuration::Settings& settings_;
  TimePoint now_;
  SystemClock clock_;
  EventLog log_;
  PosixFilesystem filesystem_{settings_.state_directory};
  supervision::EventLoop loop_;
  http::HttpsClient http_;
};

}  // namespace

int plan(const PlanOptions& options, const Screen& screen, std::ostream& out, std::ostream& errors) {
  const auto settings = load_to_look("plan", options.configuration, errors);
  if (!settings) {
    return settings.error();
  }
  const auto certificates = select_certificates(*settings, "plan", options.names, errors);
  if (!certificates) {
    return kUsageError;
  }
  Plan plan(*settings, SystemClock().now());
  json::array all;
  for (const auto& certificate : *certificates) {
    if (options.json) {
      all.push_back(plan.as_json(certificate));
    } else {
      out << (&certificate == &certificates->front() ? "" : "\n") << plan.text(certificate, screen);
    }
  }
  if (options.json) {
    out << json_text(json::object{{"certificates", std::move(all)}}) << "\n";
  }
  return kSuccess;
}

}  // namespace renewd::commands
