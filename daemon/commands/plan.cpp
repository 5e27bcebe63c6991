#include "commands/plan.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cloud/renew_api.hpp"
#include "commands/configured.hpp"
#include "commands/event_loop.hpp"
#include "commands/exit_status.hpp"
#include "core/text.hpp"
#include "http/https_client.hpp"
#include "renewal/standing.hpp"
#include "service/event_output.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using configuration::CertificateSettings;
using renewal::Act;
using renewal::Outlook;
using renewal::Standing;

constexpr std::size_t kTimelineWidth = 60;

std::string_view to_string(Act act) {
  switch (act) {
    case Act::wait:
      return "wait";
    case Act::ask:
      return "renew";
    case Act::obtain:
      return "obtain";
    case Act::go_on:
      return "go_on";
  }
  return "unknown";
}

std::string action(const Outlook& outlook, TimePoint now) {
  switch (outlook.step.act) {
    case Act::wait:
      return "waits until " + format_time(outlook.step.at) + " (in " +
             format_duration(std::chrono::ceil<std::chrono::seconds>(outlook.step.at - now)) + ")";
    case Act::ask:
      return "renews now";
    case Act::obtain:
      return "asks the cloud now, and installs the answer when activate_windows allow it";
    case Act::go_on:
      return "goes on now with what is unfinished";
  }
  return "";
}

// The certificate's life from left to right: gone by "=", to come "-", inside the renewal window "~"; "|" is now.
std::string timeline(const Outlook& outlook, TimePoint now) {
  const auto begin = outlook.certificate.not_before();
  const auto life = std::max(outlook.certificate.not_after() - begin, std::chrono::seconds(1));
  const auto column = [&](TimePoint time) {
    const double share = std::chrono::duration<double>(time - begin) / std::chrono::duration<double>(life);
    return static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(kTimelineWidth - 1));
  };
  std::string line(kTimelineWidth, '-');
  std::fill(line.begin() + static_cast<std::ptrdiff_t>(column(outlook.window_opens)), line.end(), '~');
  const auto today = column(now);
  std::replace(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(today), '-', '=');
  line[today] = '|';
  return "[" + line + "]";
}

std::string date(TimePoint time) {
  return format_time(time).substr(0, 10);
}

class Plan {
 public:
  Plan(const configuration::Settings& settings, TimePoint now)
      : settings_(settings),
        now_(now),
        log_(service::event_output(settings.log), clock_),
        http_(loop_.executor(), settings.http) {}

  std::string text(const CertificateSettings& certificate) {
    const Standing standing = look(certificate);
    const auto& outlook = standing.outlook;
    std::string text = certificate.name + "\n";
    const auto row = [&text](std::string_view name, std::string_view value) {
      text += fmt::format("  {:10} {}\n", name, value);
    };
    row("keystore", certificate.keystore.path.string());
    if (!outlook) {
      row("unreadable", outlook.error().message);
      row("next", "looked at again every " + format_duration(settings_.schedule.check_every));
      return text;
    }
    const auto left = std::chrono::floor<std::chrono::seconds>(outlook->certificate.not_after() - now_);
    row("life", fmt::format("{} {} {}", date(outlook->certificate.not_before()), timeline(*outlook, now_),
                            date(outlook->certificate.not_after())));
    row("left", left.count() > 0 ? format_duration(left) : "expired " + format_duration(-left) + " ago");
    if (certificate.renew != configuration::RenewMode::never) {
      row("window", fmt::format("opens at {}; this host's splay is {}", format_time(outlook->window_opens),
                                format_duration(outlook->splay)));
    }
    row("next", action(*outlook, now_));
    row("why", outlook->step.message);
    row("look", "at the latest at " + format_time(outlook->next_look));
    if (standing.attempts.failures_in_a_row != 0) {
      row("failing", fmt::format("{} in a row, {}: {}", standing.attempts.failures_in_a_row,
                                 standing.attempts.last_failure, standing.attempts.last_message));
    }
    if (certificate.renew != configuration::RenewMode::never) {
      row("calls", fmt::format("POST {} ({} of {} requests of a day made)", cloud::renew_url(certificate.account_url),
                               standing.requests, settings_.schedule.requests_per_day));
      row("gateway", gateway(certificate));
    }
    return text;
  }

  json::object as_json(const CertificateSettings& certificate) {
    json::object object{{"name", certificate.name}, {"keystore", certificate.keystore.path.string()}};
    const Standing standing = look(certificate);
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
    object["requests_of_the_last_day"] = standing.requests;
    if (certificate.renew != configuration::RenewMode::never) {
      object["url"] = cloud::renew_url(certificate.account_url);
      object["gateway"] = gateway(certificate);
    }
    return object;
  }

 private:
  Standing look(const CertificateSettings& certificate) {
    return renewal::look_at(filesystem_, certificate, settings_.schedule, settings_.state_directory, now_);
  }

  std::string gateway(const CertificateSettings& certificate) {
    const CertificateObjects objects(loop_.executor(), certificate, settings_.http, filesystem_, http_, log_, clock_);
    return objects.surroundings().gateway.description() +
           (certificate.gateway.rollback ? "; the old keystore goes back if it does not come up" : "");
  }

  const configuration::Settings& settings_;
  TimePoint now_;
  SystemClock clock_;
  EventLog log_;
  PosixFilesystem filesystem_;
  EventLoop loop_;
  http::HttpsClient http_;
};

}  // namespace

int plan(const PlanOptions& options, std::ostream& out, std::ostream& errors) {
  const auto settings = load_configuration(options.configuration, errors);
  if (!settings) {
    return kUsageError;
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
      out << (&certificate == &certificates->front() ? "" : "\n") << plan.text(certificate);
    }
  }
  if (options.json) {
    out << json::serialize(json::object{{"certificates", std::move(all)}}) << "\n";
  }
  return kSuccess;
}

}  // namespace renewd::commands
