#include "monitoring/page.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/version.hpp"
#include "monitoring/lifetime_bar.hpp"
#include "monitoring/markup.hpp"
#include "monitoring/next_step.hpp"
#include "monitoring/page_style.hpp"
#include "monitoring/page_text.hpp"

namespace renewd::monitoring {
namespace {

using report::CertificateStatus;
using report::Finding;
using report::Severity;

constexpr std::size_t kShownWhole = 3;  // with more certificates, a list precedes them, and facts can be unfolded

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

// What the page shows first.
enum class Rank { stuck, alerting, unchecked, in_order };

struct Card {
  Rank rank;
  Severity severity;
  std::string name;
  std::string state;
  std::string body;  // HTML

  std::string_view style() const { return rank == Rank::unchecked ? "unchecked" : css_class(severity); }
};

std::string paragraph(std::string_view style, std::string_view title, std::string_view html) {
  return fmt::format("<p class=\"{}\"><b>{}</b> {}</p>\n", style, title, html);
}

std::string message_of(std::string_view role, Severity severity, const std::string& message) {
  const std::string style = fmt::format("{} {}", role, css_class(severity));
  return severity == Severity::ok ? fmt::format("<p class=\"{}\">{}</p>\n", style, prose(message))
                                  : paragraph(style, to_string(severity), prose(message));
}

std::string stuck_message(std::string_view role) {
  return message_of(role, Severity::critical, "the daemon makes no progress with this certificate") +
         paragraph("advice", "What to do:",
                   instruction("find the cause with journalctl -u gravitee-renewd, then run systemctl restart "
                               "gravitee-renewd",
                               ""));
}

std::string last_error(const state::RetryState& attempts, const PageContents& contents) {
  const std::string message = verbatim(without_secrets(attempts.last_message, contents.hidden));
  const std::string when = attempts.failed_at == TimePoint() ? "" : ", " + time_html(attempts.failed_at);
  return fmt::format("<p class=\"advice\"><b>Last error</b>{}: {}</p>\n", when, message);
}

// The worst first, as everywhere; each marked with its own severity.
std::string findings_of(const CertificateStatus& standing, const report::Assessment& assessment, bool is_stuck,
                        const PageContents& contents) {
  std::string html = is_stuck ? stuck_message("headline") : "";
  for (const Finding& finding : assessment.findings) {
    html += message_of(html.empty() ? "headline" : "finding", finding.severity,
                       without_secrets(finding.message, contents.hidden));
    if (finding.kind == report::FindingKind::renewal_failing) {
      html += last_error(standing.attempts, contents);
    }
    if (!finding.advice.empty()) {
      html += paragraph("advice",
                        "What to do:", instruction(without_secrets(finding.advice, contents.hidden), standing.name));
    }
  }
  return html;
}

std::string facts_of(const PageText& description, const PageContents& contents, bool folded) {
  std::string facts;
  for (const auto& [name, value] : description.facts) {
    facts +=
        fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escaped(name), prose(without_secrets(value, contents.hidden)));
  }
  const std::string list = "<dl>\n" + facts + "</dl>\n";
  return folded ? "<details><summary>Details</summary>\n" + list + "</details>\n" : list;
}

Card card_of(const CertificateStatus& standing, report::Assessment assessment, bool is_stuck,
             const PageContents& contents) {
  const PageText description = page_text(standing, std::move(assessment));
  const Severity severity = is_stuck ? Severity::critical : description.assessment.severity();
  const bool alerts = severity != Severity::ok;
  const std::string next =
      is_stuck ? "Nothing, until the daemon has been restarted." : next_step(standing, contents.now);
  return {is_stuck ? Rank::stuck
          : alerts ? Rank::alerting
                   : Rank::in_order,
          severity, standing.name, is_stuck ? "stuck" : description.state,
          findings_of(standing, description.assessment, is_stuck, contents) + lifetime_bar(standing, contents.now) +
              paragraph("next", "Next:", prose(next)) +
              facts_of(description, contents, !alerts && contents.names.size() > kShownWhole)};
}

Card unchecked_card(const std::string& name, bool is_stuck) {
  return is_stuck ? Card{Rank::stuck, Severity::critical, name, "stuck", stuck_message("headline")}
                  : Card{Rank::unchecked, Severity::ok, name, "not checked yet", ""};
}

std::vector<Card> cards_of(const PageContents& contents) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<Card> cards;
  for (auto& assessed : report::assess_all(contents.standings, contents.now)) {
    const std::string& name = assessed.standing->name;
    if (has(contents.names, name)) {  // else it was removed from the configuration
      cards.push_back(card_of(*assessed.standing, std::move(assessed.assessment), has(contents.stuck, name), contents));
    }
  }
  for (const auto& name : contents.names) {
    if (!contents.standings.contains(name)) {
      cards.push_back(unchecked_card(name, has(contents.stuck, name)));
    }
  }
  std::vector<Card> sorted;
  for (const Rank rank : {Rank::stuck, Rank::alerting, Rank::unchecked, Rank::in_order}) {
    std::ranges::copy_if(cards, std::back_inserter(sorted), [rank](const Card& card) { return card.rank == rank; });
  }
  return sorted;
}

std::string html_of(const Card& card) {
  return fmt::format(
      "<article class=\"{}\" id=\"{}\">\n<header><h2>{}</h2><span class=\"state\">{}</span></header>\n{}</article>\n",
      card.style(), html_escaped(card.name), html_escaped(card.name), html_escaped(card.state), card.body);
}

std::string overview(const std::vector<Card>& cards) {
  std::string html;
  for (const Card& card : cards) {
    html += fmt::format("<li class=\"{}\"><a href=\"#{}\">{}</a> <span class=\"state\">{}</span></li>\n", card.style(),
                        html_escaped(card.name), html_escaped(card.name), html_escaped(card.state));
  }
  return "<ul class=\"overview\">\n" + html + "</ul>\n";
}

constexpr std::string_view kRefused =
    "<article class=\"attention\"><p class=\"headline attention\"><b>WARNING</b> The configuration was refused at the "
    "last reload: the file has errors, or its <code>metrics</code> cannot be used. The previous configuration stays in "
    "effect.</p>\n<p class=\"advice\"><b>What to do:</b> run <code>gravitee-renewd validate</code>, or see "
    "<code>config_rejected</code> in the log.</p></article>\n";

std::string certificates(std::size_t count) {
  return fmt::format("{} certificate{}", count, count == 1 ? "" : "s");
}

// The severity in words, not only as a colour.
std::string title(const std::vector<Card>& cards, bool refused) {
  const auto count = [&cards](auto counts) { return static_cast<std::size_t>(std::ranges::count_if(cards, counts)); };
  const auto stuck = count([](const Card& card) { return card.rank == Rank::stuck; });
  const auto alerting = count([](const Card& card) { return card.severity != Severity::ok; });
  const auto critical = count([](const Card& card) { return card.severity == Severity::critical; });
  const bool starting = count([](const Card& card) { return card.rank == Rank::unchecked; }) != 0;
  if (stuck != 0) {
    return fmt::format("Work on {} is stuck{}", certificates(stuck),
                       alerting == stuck ? ""
                                         : fmt::format(", {} more need{} attention", alerting - stuck,
                                                       alerting - stuck == 1 ? "s" : ""));
  }
  if (alerting != 0) {
    return fmt::format("{} of {} need{} attention{}", alerting, certificates(cards.size()), alerting == 1 ? "s" : "",
                       critical == 0 ? "" : fmt::format(", {} critical", critical));
  }
  if (starting) {
    return fmt::format("{}not every certificate has been checked yet",
                       refused ? "The configuration was refused; " : "Starting: ");
  }
  return refused ? "The configuration was refused" : "Everything is in order";
}

}  // namespace

std::string page(const PageContents& contents) {
  const std::vector<Card> cards = cards_of(contents);
  Severity worst = contents.configuration_refused ? Severity::warning : Severity::ok;
  std::string main;
  for (const Card& card : cards) {
    worst = std::max(worst, card.severity);
    main += html_of(card);
  }
  const std::string heading = title(cards, contents.configuration_refused);
  const bool has_bar = main.find("<div class=\"bar\"") != std::string::npos;
  const std::string host = html_escaped(contents.host);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"refresh\" content=\"60\">\n"
      "<title>{} – {}gravitee-renewd</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<h1 class=\"{}\">{}</h1>\n{}{}<main>\n{}</main>\n{}"
      "<footer>{}; refreshed every minute. gravitee-renewd {}{}, <a href=\"/metrics\">metrics</a></footer>\n"
      "</body>\n</html>\n",
      heading, host.empty() ? "" : host + " – ", kPageStyle, css_class(worst), heading,
      contents.configuration_refused ? kRefused : "", cards.size() > kShownWhole ? overview(cards) : "", main,
      has_bar ? legend() : "", time_html(contents.now), html_escaped(version()), host.empty() ? "" : " on " + host);
}

}  // namespace renewd::monitoring
