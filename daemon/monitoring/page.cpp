#include "monitoring/page.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/version.hpp"
#include "monitoring/page_style.hpp"
#include "monitoring/page_text.hpp"

namespace renewd::monitoring {
namespace {

using report::CertificateStatus;
using report::Severity;

std::string_view css_class(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "good";
    case Severity::warning:
      return "attention";
    case Severity::critical:
      return "bad";
  }
  return "bad";
}

// Maps a span of time to 0 to 100 %.
class Axis {
 public:
  Axis(TimePoint begin, TimePoint end) : begin_(begin), length_(std::max(end - begin, TimePoint::duration(1))) {}

  double at(TimePoint time) const {
    const double share = std::chrono::duration<double>(time - begin_) / std::chrono::duration<double>(length_);
    return std::clamp(share * 100, 0.0, 100.0);
  }
  std::string zone(std::string_view kind, TimePoint from, TimePoint to) const {
    return fmt::format("<i class=\"{}\" style=\"left:{:.2f}%;width:{:.2f}%\"></i>", kind, at(from), at(to) - at(from));
  }
  std::string mark(std::string_view kind, TimePoint when, const std::string& title) const {
    return fmt::format("<i class=\"{}\" style=\"left:{:.2f}%\" title=\"{}\"></i>", kind, at(when), html_escaped(title));
  }

 private:
  TimePoint begin_;
  TimePoint::duration length_;
};

// The certificate's lifetime: the time elapsed, the renewal window with this host's turn in it, past renewals, today.
std::string bar(const CertificateStatus& standing, TimePoint now) {
  const report::Outlook& outlook = *standing.outlook;
  const auto& certificate = outlook.certificate;
  const auto opens = outlook.window_opens;
  const TimePoint begin = certificate.not_before();
  const TimePoint end = certificate.not_after();
  const bool renewed = standing.renew == configuration::RenewMode::automatic;
  // After expiry the bar continues until now.
  const Axis axis(begin, std::max(end, now));
  std::string marks = axis.zone("elapsed", begin, std::min(now, end));
  if (renewed) {
    marks +=
        axis.zone("window", opens, end) + axis.zone("splay", opens, std::min<TimePoint>(opens + outlook.splay, end));
  }
  if (end < now) {
    marks += axis.zone("expired", end, now);
  }
  for (const auto& past : standing.history) {
    if (past.ended >= begin && past.ended <= now) {
      const bool good = past.outcome != "rolled_back";
      marks += axis.mark(good ? "past" : "past back", past.ended,
                         (good ? "renewed " : "rolled back ") + format_time(past.ended));
    }
  }
  marks += axis.mark("today", now, "today, " + format_time(now));
  const std::string summary = fmt::format("Valid from {} until {}; the renewal window opens {}; today is {}.",
                                          format_day(begin), format_day(end), format_day(opens), format_day(now));
  return fmt::format(
      "<div class=\"bar\" role=\"img\" aria-label=\"{}\">{}</div>\n"
      "<div class=\"scale\"><span>{}</span>{}<span>{}</span></div>\n",
      html_escaped(summary), marks, format_day(begin),
      renewed ? fmt::format("<span>window opens {}</span>", format_day(opens)) : "", format_day(end));
}

// The worst first, as everywhere; each marked with its own severity.
std::string findings_of(const report::Assessment& assessment, const PageContents& contents) {
  const auto shown = [&contents](const std::string& text) {
    return html_escaped(without_secrets(text, contents.hidden));
  };
  std::string text;
  for (const auto& finding : assessment.findings) {
    const bool alerts = finding.severity != Severity::ok;
    text += fmt::format(
        "<p class=\"{} {}\">{}{}</p>\n{}", text.empty() ? "headline" : "finding", css_class(finding.severity),
        alerts ? fmt::format("<b>{}</b> ", to_string(finding.severity)) : "", shown(finding.message),
        finding.advice.empty() ? ""
                               : fmt::format("<p class=\"advice\"><b>What to do:</b> {}</p>\n", shown(finding.advice)));
  }
  return text;
}

std::string card(const CertificateStatus& standing, const PageText& description, const PageContents& contents) {
  const auto shown = [&contents](const std::string& text) {
    return html_escaped(without_secrets(text, contents.hidden));
  };
  std::string facts;
  for (const auto& [name, value] : description.facts) {
    facts += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escaped(name), shown(value));
  }
  return fmt::format(
      "<article class=\"{}\">\n<header><h2>{}</h2><span class=\"state\">{}</span></header>\n"
      "{}{}<p class=\"next\"><b>Next:</b> {}</p>\n<dl>\n{}</dl>\n</article>\n",
      css_class(description.assessment.severity()), html_escaped(standing.name), html_escaped(description.state),
      findings_of(description.assessment, contents), standing.outlook ? bar(standing, contents.now) : "",
      shown(description.next), facts);
}

constexpr std::string_view kRefused =
    "<p>At the last reload the daemon refused the configuration, because the file has errors or its "
    "<code>metrics</code> cannot be used. The previous configuration stays in effect. Run <code>gravitee-renewd "
    "validate</code>, or see <code>config_rejected</code> in the log.</p>\n";

std::string title(std::size_t count, std::size_t unchecked, std::size_t alerting, bool refused) {
  if (alerting != 0) {
    return fmt::format("{} of {} certificate{} need{} attention", alerting, count, count == 1 ? "" : "s",
                       alerting == 1 ? "s" : "");
  }
  if (refused) {
    return "The configuration was refused";
  }
  return unchecked != 0 ? "Starting: not every certificate has been checked yet" : "Everything is in order";
}

}  // namespace

std::string page(const PageContents& contents) {
  // What alerts, what is not known yet, and what is in order.
  std::string alerts;
  std::string not_checked;
  std::string in_order;
  std::size_t unchecked = 0;
  std::size_t alerting = 0;
  Severity worst = contents.configuration_refused ? Severity::warning : Severity::ok;
  for (const auto& name : contents.names) {
    if (!contents.standings.contains(name)) {
      ++unchecked;
      not_checked +=
          fmt::format("<article><header><h2>{}</h2><span class=\"state\">not checked yet</span></header></article>\n",
                      html_escaped(name));
    }
  }
  for (auto& assessed : report::assess_all(contents.standings, contents.now)) {
    const CertificateStatus& standing = *assessed.standing;
    if (std::find(contents.names.begin(), contents.names.end(), standing.name) == contents.names.end()) {
      continue;  // it was removed from the configuration
    }
    const Severity severity = assessed.assessment.severity();
    alerting += severity == Severity::ok ? 0U : 1U;
    worst = std::max(worst, severity);
    const PageText description = page_text(standing, std::move(assessed.assessment), contents.now);
    (severity == Severity::ok ? in_order : alerts) += card(standing, description, contents);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"refresh\" content=\"60\">\n"
      "<title>{0} – gravitee-renewd</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1 class=\"{2}\">{0}</h1>\n{6}"
      "<p class=\"legend\"><i class=\"elapsed\"></i>elapsed <i class=\"window\"></i>renewal window "
      "<i class=\"splay\"></i>until this host's turn <i class=\"past\"></i>renewed "
      "<i class=\"past back\"></i>rolled back <i class=\"today\"></i>today</p>\n<main>\n{3}</main>\n"
      "<footer>{4} UTC; refreshed every minute. gravitee-renewd {5}, <a href=\"/metrics\">metrics</a></footer>\n"
      "</body>\n</html>\n",
      title(contents.names.size(), unchecked, alerting, contents.configuration_refused), kPageStyle, css_class(worst),
      alerts + not_checked + in_order, format_minute(contents.now), html_escaped(version()),
      contents.configuration_refused ? kRefused : "");
}

std::string html_escaped(std::string_view text) {
  std::string html;
  for (const char c : escaped(text, "\n")) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace renewd::monitoring
