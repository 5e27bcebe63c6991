#include "monitoring/page.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/version.hpp"
#include "monitoring/page_style.hpp"
#include "monitoring/page_words.hpp"

namespace renewd::monitoring {
namespace {

using renewal::Severity;
using renewal::Standing;

std::string day(TimePoint time) {
  return format_time(time).substr(0, 10);
}

std::string minute(TimePoint time) {
  std::string text = format_time(time).substr(0, 16);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text + " UTC";
}

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

// A span of time as a horizontal line from 0 to 100 %.
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

// The certificate's life from left to right: what is over, the renewal window with this host's turn in it, today.
std::string bar(const Standing& standing, TimePoint now) {
  const auto& [certificate, opens, splay, step, next_look] = *standing.outlook;
  const TimePoint begin = certificate.not_before();
  const TimePoint end = certificate.not_after();
  const bool renewed = standing.renew == configuration::RenewMode::automatic;
  // One that has expired ends before the bar does.
  const Axis axis(begin, std::max(end, now));
  std::string marks = axis.zone("over", begin, std::min(now, end));
  if (renewed) {
    marks += axis.zone("window", opens, end) + axis.zone("splay", opens, std::min<TimePoint>(opens + splay, end));
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
  const std::string words = fmt::format("Valid from {} until {}; the renewal window opens {}; today is {}.", day(begin),
                                        day(end), day(opens), day(now));
  return fmt::format(
      "<div class=\"bar\" role=\"img\" aria-label=\"{}\">{}</div>\n"
      "<div class=\"scale\"><span>{}</span>{}<span>{}</span></div>\n",
      html_escaped(words), marks, day(begin), renewed ? fmt::format("<span>window opens {}</span>", day(opens)) : "",
      day(end));
}

std::string without(std::string text, const std::vector<std::string>& hidden) {
  constexpr std::string_view kInstead = "(a secret's file)";
  for (const auto& word : hidden) {
    for (auto at = text.find(word); !word.empty() && at != std::string::npos; at = text.find(word, at)) {
      text.replace(at, word.size(), kInstead);
      at += kInstead.size();
    }
  }
  return text;
}

std::string card(const Standing& standing, const Words& words, const PageContents& contents) {
  const auto shown = [&contents](const std::string& text) { return html_escaped(without(text, contents.hidden)); };
  std::string findings;
  for (const auto& finding : words.assessment.findings) {
    findings +=
        fmt::format("<p class=\"{}\">{}</p>\n{}", findings.empty() ? "headline" : "finding", shown(finding.message),
                    finding.advice.empty() ? "" : fmt::format("<p class=\"advice\">{}</p>\n", shown(finding.advice)));
  }
  std::string facts;
  for (const auto& [name, value] : words.facts) {
    facts += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escaped(name), shown(value));
  }
  return fmt::format(
      "<article class=\"{}\">\n<header><h2>{}</h2><span class=\"state\">{}</span></header>\n"
      "{}{}<p class=\"next\"><b>Next:</b> {}</p>\n<dl>\n{}</dl>\n</article>\n",
      css_class(words.assessment.severity()), html_escaped(standing.name), html_escaped(words.state), findings,
      standing.outlook ? bar(standing, contents.now) : "", shown(words.next), facts);
}

constexpr std::string_view kRefused =
    "<p>The configuration file has errors, or its <code>metrics</code> cannot be used. What was configured before "
    "counts; <code>gravitee-renewd validate</code> and the log (<code>config_rejected</code>) say more.</p>\n";

std::string verdict(std::size_t count, std::size_t unknown, std::size_t concerning, bool refused) {
  if (concerning != 0) {
    return fmt::format("{} of {} certificate{} need{} a look", concerning, count, count == 1 ? "" : "s",
                       concerning == 1 ? "s" : "");
  }
  if (refused) {
    return "The configuration was refused";
  }
  return unknown != 0 ? "Starting: not every certificate has been looked at yet" : "Everything is in order";
}

}  // namespace

std::string page(const PageContents& contents) {
  std::string cards;
  std::size_t unknown = 0;
  std::size_t concerning = 0;
  Severity worst = contents.configuration_refused ? Severity::warning : Severity::ok;
  for (const auto& name : contents.names) {
    const auto found = contents.standings.find(name);
    if (found == contents.standings.end()) {
      ++unknown;
      cards +=
          fmt::format("<article><header><h2>{}</h2><span class=\"state\">not looked at yet</span></header></article>\n",
                      html_escaped(name));
      continue;
    }
    const Words words = words_of(found->second, contents.now);
    const Severity severity = words.assessment.severity();
    concerning += severity == Severity::ok ? 0U : 1U;
    worst = std::max(worst, severity);
    cards += card(found->second, words, contents);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"refresh\" content=\"60\">\n"
      "<title>{0} – gravitee-renewd</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1 class=\"{2}\">{0}</h1>\n{6}"
      "<p class=\"legend\"><i class=\"over\"></i>over <i class=\"window\"></i>renewal window "
      "<i class=\"splay\"></i>until this host's turn <i class=\"past\"></i>renewed <i class=\"past back\"></i>rolled "
      "back "
      "<i class=\"today\"></i>today</p>\n<main>\n{3}</main>\n"
      "<footer>{4}; refreshed every minute. gravitee-renewd {5}, <a href=\"/metrics\">metrics</a></footer>\n"
      "</body>\n</html>\n",
      verdict(contents.names.size(), unknown, concerning, contents.configuration_refused), kPageStyle, css_class(worst),
      cards, minute(contents.now), html_escaped(version()), contents.configuration_refused ? kRefused : "");
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
