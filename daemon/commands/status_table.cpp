#include "commands/status_table.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/failures.hpp"
#include "commands/layout.hpp"
#include "commands/life_bar.hpp"
#include "commands/printable_output.hpp"
#include "core/text.hpp"
#include "report/assessment.hpp"

namespace renewd::commands {
namespace {

using report::CertificateStatus;
using report::Severity;

constexpr std::size_t kGap = 2;
constexpr std::size_t kPreferredBar = 16;  // drops columns to reach this
constexpr std::size_t kNarrowestBar = 8;
constexpr std::size_t kWidestBar = 60;
constexpr std::size_t kLongestName = 24;
constexpr std::size_t kBriefSerial = 8;

struct Cell {
  std::string_view title;
  std::string brief;  // in a column
  std::string full;   // on a separate line; empty: none
};

struct Row {
  std::string name;
  Severity severity;
  const CertificateStatus* standing;
  std::string left;
  std::vector<Cell> cells;  // the same titles in every row, the most important first
  std::vector<std::pair<std::string_view, std::string>> remarks;
};

std::string brief_serial(const std::string& serial) {
  return serial.size() <= kBriefSerial ? serial : serial.substr(0, kBriefSerial) + "…";
}

std::string left_of(const report::Assessment& assessment) {
  if (!assessment.left) {
    return "?";
  }
  return assessment.left->count() > 0 ? format_duration(*assessment.left) : "EXPIRED";
}

Cell next_attempt(const CertificateStatus& standing, TimePoint now) {
  constexpr std::string_view kTitle = "next attempt";
  if (standing.renew == configuration::RenewMode::never) {
    return {kTitle, "never", "never (renew: never)"};
  }
  if (!standing.outlook) {
    return {kTitle, "-", "none until the keystore is readable"};
  }
  if (standing.outlook->clock_is_doubtful()) {
    return {kTitle, "-", "none until the clock is set"};
  }
  const TimePoint at = standing.outlook->step.at;
  return at <= now ? Cell{kTitle, "now", "now"} : Cell{kTitle, format_minute(at) + " UTC", format_minute(at) + " UTC"};
}

Cell in_use_cell(const CertificateStatus& standing) {
  constexpr std::string_view kTitle = "in use";
  if (!standing.in_use) {
    return {kTitle, "unknown", "unknown: no renewal has been verified yet"};
  }
  if (standing.installed_is_in_use()) {
    return {kTitle, "the same", "the same"};
  }
  const auto& record = *standing.in_use;
  return {kTitle, brief_serial(record.serial),
          fmt::format("{}, until {}", record.serial, format_day(record.not_after))};
}

std::vector<Cell> cells_of(const CertificateStatus& standing, TimePoint now) {
  const auto* const success = standing.last_success();
  std::vector<Cell> cells{next_attempt(standing, now)};
  if (standing.outlook) {
    const auto& certificate = standing.outlook->certificate;
    cells.push_back({"expires", format_day(certificate.not_after()), format_minute(certificate.not_after()) + " UTC"});
  } else {
    const auto known = standing.known_not_after();
    cells.push_back({"expires", known ? format_day(*known) : "?",
                     known ? format_minute(*known) + " UTC, when the keystore was last readable" : ""});
  }
  cells.push_back({"last success", success == nullptr ? "never" : format_minute(success->ended) + " UTC",
                   success == nullptr ? "never renewed by gravitee-renewd" : format_minute(success->ended) + " UTC"});
  const std::string serial = standing.outlook ? standing.outlook->certificate.serial() : "";
  cells.push_back({"serial", serial.empty() ? "?" : brief_serial(serial), serial});
  cells.push_back(in_use_cell(standing));
  return cells;
}

std::string_view describe(state::Phase phase) {
  using state::Phase;
  switch (phase) {
    case Phase::requested:
      return "the request to the cloud has begun";
    case Phase::answered:
      return "the cloud's answer is stored, but not installed yet";
    case Phase::accepted:
      return "the new keystore is being installed";
    case Phase::installed:
      return "the gateway does not use the installed keystore yet";
    case Phase::activated:
      return "the gateway has been restarted, and is being verified";
    case Phase::verified:
      return "the gateway is healthy; the renewal is almost complete";
    case Phase::rolling_back:
      return "the previous keystore is being restored";
  }
  return "";
}

std::string phase_of(const state::JournalEntry& entry) {
  const auto reached = entry.reached_at(entry.phase);
  const std::string since = reached ? ", since " + format_minute(*reached) + " UTC" : "";
  return fmt::format("{} ({}{})", describe(entry.phase), to_string(entry.phase), since);
}

Row row_of(const CertificateStatus& standing, TimePoint now) {
  const report::Assessment assessment = report::assess(standing, {}, now);
  Row row{standing.name, assessment.severity(), &standing, left_of(assessment), cells_of(standing, now), {}};
  if (assessment.findings.size() > 1 || row.severity != Severity::ok) {
    row.remarks.emplace_back("state", assessment.message());
  }
  if (standing.unfinished) {
    row.remarks.emplace_back("phase", phase_of(*standing.unfinished));
  }
  if (standing.outlook) {
    row.remarks.emplace_back("next", standing.outlook->step.message);
  }
  if (standing.fleet) {
    row.remarks.emplace_back("fleet", state::describe(*standing.fleet));
  }
  // An error that a newer keystore has outlived is no longer of interest.
  if (assessment.has(report::FindingKind::renewal_failing)) {
    row.remarks.emplace_back("last error", last_error(standing.attempts));
  }
  if (std::string advice = assessment.advice(); !advice.empty()) {
    row.remarks.emplace_back("what to do", std::move(advice));
  }
  return row;
}

// The widths of the columns.
struct Widths {
  std::size_t name;
  std::size_t left;
  std::size_t bar;
  std::vector<std::size_t> cells;  // of the cells that fit
};

Widths widths_of(const std::vector<Row>& rows, const Screen& screen) {
  Widths widths{
      .name = std::string_view("certificate").size(), .left = std::string_view("left").size(), .bar = 0, .cells = {}};
  for (const Row& row : rows) {
    widths.left = std::max(widths.left, columns(row.left));
  }
  const std::size_t between = kGap + to_string(Severity::critical).size() + kGap + kGap + widths.left;
  const std::size_t rest_for_name = screen.width - std::min(screen.width, between + kPreferredBar);
  for (const Row& row : rows) {
    widths.name = std::max(widths.name, std::min({row.name.size(), kLongestName, rest_for_name}));
  }
  const std::size_t fixed = widths.name + between;
  std::size_t used = fixed + kPreferredBar;
  for (std::size_t i = 0; i < rows.front().cells.size(); ++i) {
    std::size_t wanted = rows.front().cells[i].title.size();
    for (const Row& row : rows) {
      wanted = std::max(wanted, columns(shown(row.cells[i].brief, screen)));
    }
    if (used + kGap + wanted > screen.width) {
      break;
    }
    used += kGap + wanted;
    widths.cells.push_back(wanted);
  }
  const std::size_t taken = used - kPreferredBar;
  widths.bar = std::clamp(screen.width - std::min(screen.width, taken), kNarrowestBar, kWidestBar);
  return widths;
}

std::string coloured(std::string_view text, Severity severity, const Screen& screen) {
  if (!screen.colour) {
    return std::string(text);
  }
  const std::string_view colour = severity == Severity::ok ? kGreen : severity == Severity::warning ? kYellow : kRed;
  return fmt::format("{}{}{}", colour, text, kColourEnd);
}

std::string line_of(const std::vector<std::string>& parts) {
  std::string line = fmt::format("{}", fmt::join(parts, std::string(kGap, ' ')));
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string title(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), ::toupper);
  return upper;
}

std::string heading(const std::vector<Row>& rows, const Widths& widths) {
  std::vector<std::string> parts{padded("CERTIFICATE", widths.name),
                                 padded("STATE", to_string(Severity::critical).size()), padded("LIFETIME", widths.bar),
                                 padded("LEFT", widths.left)};
  for (std::size_t i = 0; i < widths.cells.size(); ++i) {
    parts.push_back(padded(title(rows.front().cells[i].title), widths.cells[i]));
  }
  return line_of(parts);
}

std::string bar_of(const CertificateStatus& standing, TimePoint now, std::size_t width, const Screen& screen) {
  if (!standing.outlook) {
    return padded("unreadable", width);
  }
  const auto& certificate = standing.outlook->certificate;
  return life_bar({certificate.not_before(), standing.outlook->window_opens, certificate.not_after()}, now, width,
                  screen);
}

std::string row_text(const Row& row, const Widths& widths, TimePoint now, const Screen& screen) {
  constexpr std::size_t kCellIndent = 2;
  constexpr std::size_t kTitleWidth = 14;
  std::string text;
  std::string name = row.name;
  if (name.size() > widths.name) {
    for (const auto& line : wrapped(name, screen.width)) {
      text += line + "\n";
    }
    name.clear();
  }
  const std::string state = padded(to_string(row.severity), to_string(Severity::critical).size());
  std::vector<std::string> parts{padded(name, widths.name), coloured(state, row.severity, screen),
                                 bar_of(*row.standing, now, widths.bar, screen), padded(row.left, widths.left)};
  for (std::size_t i = 0; i < widths.cells.size(); ++i) {
    parts.push_back(padded(shown(row.cells[i].brief, screen), widths.cells[i]));
  }
  text += line_of(parts);
  for (std::size_t i = widths.cells.size(); i < row.cells.size(); ++i) {
    const Cell& cell = row.cells[i];
    text += cell.full.empty() ? "" : labelled(cell.title, cell.full, kCellIndent, kTitleWidth, screen);
  }
  for (const auto& [label, remark] : row.remarks) {
    text += labelled(label, remark, kCellIndent, kTitleWidth, screen);
  }
  return text;
}

struct Headline {
  std::string text;
  bool is_good;
};

// Whether a timer does its work is a finding of each certificate.
Headline headline(const Overview& overview) {
  if (overview.daemon) {
    return {"The daemon is running: " + *overview.daemon + ".", true};
  }
  if (overview.run_by == configuration::RunBy::timer) {
    return {"No daemon is running: a timer runs gravitee-renewd renew (schedule.run_by).", true};
  }
  return {"No daemon is running, so nothing is renewed automatically: systemctl start gravitee-renewd", false};
}

}  // namespace

std::string status_table(const Overview& overview, TimePoint now, const Screen& screen) {
  const auto [daemon, is_good] = headline(overview);
  std::string text;
  for (const auto& line : wrapped(shown(daemon, screen), screen.width)) {
    text += (is_good ? line : coloured(line, Severity::warning, screen)) + "\n";
  }
  std::vector<Row> rows;
  for (const CertificateStatus& standing : overview.standings) {
    rows.push_back(row_of(standing, now));
  }
  if (rows.empty()) {
    return text;
  }
  const Widths widths = widths_of(rows, screen);
  text += "\n" + heading(rows, widths);
  for (const Row& row : rows) {
    text += row_text(row, widths, now, screen) + "\n";
  }
  return text + life_bar_legend(screen) + "\n";
}

}  // namespace renewd::commands
