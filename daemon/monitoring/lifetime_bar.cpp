#include "monitoring/lifetime_bar.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "monitoring/markup.hpp"
#include "monitoring/page_text.hpp"

namespace renewd::monitoring {
namespace {

using report::CertificateStatus;

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
  std::string mark(std::string_view kind, TimePoint when, std::string_view title) const {
    return fmt::format("<i class=\"{}\" style=\"left:{:.2f}%\" title=\"{} {} UTC\"></i>", kind, at(when),
                       html_escaped(title), format_minute(when));
  }

 private:
  TimePoint begin_;
  TimePoint::duration length_;
};

// The certificate that the bar is about.
struct Subject {
  std::string_view label;  // empty: there is only one
  TimePoint begin;
  TimePoint end;
  std::optional<TimePoint> window_opens;  // if the daemon renews it
};

Subject subject_of(const CertificateStatus& standing) {
  const report::Outlook& outlook = *standing.outlook;
  const auto& installed = outlook.certificate;
  const auto& in_use = standing.in_use ? standing.in_use : standing.replaced;
  if (in_use && in_use->not_after < installed.not_after()) {
    return {"The certificate in use:", in_use->not_before, in_use->not_after, std::nullopt};
  }
  Subject subject{"", installed.not_before(), installed.not_after(), std::nullopt};
  if (in_use && in_use->fingerprint != installed.fingerprint_sha256()) {
    subject.label = "The installed certificate:";
  }
  if (standing.renew == configuration::RenewMode::automatic) {
    subject.window_opens = outlook.window_opens;
  }
  return subject;
}

// The planned turn or, once it has come, the one before the maintenance windows.
TimePoint turn_of(const report::Outlook& outlook) {
  using renewal::Reason;
  const renewal::Step& step = outlook.step;
  const bool waits =
      step.reason == Reason::not_due || step.reason == Reason::splay || step.reason == Reason::maintenance_window;
  return waits ? step.at : TimePoint(outlook.window_opens + outlook.splay);
}

std::string past_renewals(const CertificateStatus& standing, const Subject& subject, const Axis& axis, TimePoint now) {
  std::string marks;
  for (const auto& past : standing.history) {
    if (past.ended >= subject.begin && past.ended <= now) {
      marks += axis.mark(past.outcome == "rolled_back" ? "past back" : "past", past.ended, in_words(past));
    }
  }
  return marks;
}

std::string opening(TimePoint opens, TimePoint now) {
  return fmt::format("window {} {}", opens > now ? "opens" : "opened", format_day(opens));
}

std::string scale(const Subject& subject, TimePoint now) {
  const std::string window =
      subject.window_opens ? fmt::format("<span>{}</span>", opening(*subject.window_opens, now)) : "";
  return fmt::format("<div class=\"scale\"><span>{}</span>{}<span>{}</span></div>\n", format_day(subject.begin), window,
                     format_day(subject.end));
}

std::string spoken(const Subject& subject, TimePoint now) {
  return fmt::format("Valid from {} until {}; {}today is {}.", format_day(subject.begin), format_day(subject.end),
                     subject.window_opens ? "the renewal " + opening(*subject.window_opens, now) + "; " : "",
                     format_day(now));
}

}  // namespace

std::string lifetime_bar(const CertificateStatus& standing, TimePoint now) {
  if (!standing.outlook || standing.outlook->clock_is_doubtful()) {
    return "";
  }
  const Subject subject = subject_of(standing);
  // After expiry the bar continues until now.
  const Axis axis(subject.begin, std::max(subject.end, now));
  std::string marks = axis.zone("elapsed", subject.begin, std::min(now, subject.end));
  if (const auto& opens = subject.window_opens) {
    marks += axis.zone("window", *opens, subject.end) +
             axis.zone("splay", *opens, std::clamp(turn_of(*standing.outlook), *opens, std::max(*opens, subject.end)));
  }
  if (subject.end < now) {
    marks += fmt::format("<i class=\"expired\" style=\"width:{:.2f}%\"></i>", 100 - axis.at(subject.end));
  }
  marks += past_renewals(standing, subject, axis, now) + axis.mark("today", now, "today,");
  return fmt::format("{}<div class=\"bar\" role=\"img\" aria-label=\"{}\">{}</div>\n{}",
                     subject.label.empty() ? "" : fmt::format("<p class=\"scale\">{}</p>\n", subject.label),
                     html_escaped(spoken(subject, now)), marks, scale(subject, now));
}

std::string legend() {
  std::string items;
  for (const auto& [kind, meaning] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"elapsed", "elapsed"},
                                                                            {"window", "renewal window"},
                                                                            {"splay", "until this host's turn"},
                                                                            {"past", "renewed or activated"},
                                                                            {"past back", "rolled back"},
                                                                            {"expired", "expired"},
                                                                            {"today", "today"}}) {
    items += fmt::format("<span><i class=\"{}\"></i>{}</span>\n", kind, meaning);
  }
  return "<p class=\"legend\">\n" + items + "</p>\n";
}

}  // namespace renewd::monitoring
