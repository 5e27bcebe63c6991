#include "commands/status_table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/layout.hpp"
#include "commands/life_bar.hpp"
#include "commands/printable_output.hpp"
#include "core/text.hpp"
#include "renewal/assessment.hpp"

namespace renewd::commands {
namespace {

using renewal::Severity;
using renewal::Standing;

constexpr std::size_t kGap = 2;
constexpr std::size_t kShortestBar = 16;  // for which columns are left out
constexpr std::size_t kBarAtLeast = 8;
constexpr std::size_t kWidestBar = 60;
constexpr std::size_t kLongestName = 24;
constexpr std::size_t kSerialShown = 8;

struct Cell {
  std::string_view title;
  std::string brief;  // in a column
  std::string whole;  // on a line of its own; empty for none
};

struct Row {
  std::string name;
  Severity severity;
  const Standing* standing;
  std::string left;
  std::vector<Cell> cells;  // the same titles in every row, the most wanted first
  std::vector<std::pair<std::string_view, std::string>> remarks;
};

std::string brief_serial(const std::string& serial) {
  return serial.size() <= kSerialShown ? serial : serial.substr(0, kSerialShown) + "…";
}

std::string left_of(const renewal::Assessment& assessment) {
  if (!assessment.left) {
    return "?";
  }
  return assessment.left->count() > 0 ? format_duration(*assessment.left) : "EXPIRED";
}

Cell next_attempt(const Standing& standing, TimePoint now) {
  constexpr std::string_view kTitle = "next attempt";
  if (standing.renew == configuration::RenewMode::never) {
    return {kTitle, "never", "never (renew: never)"};
  }
  if (!standing.outlook) {
    return {kTitle, "-", "none before the keystore can be read"};
  }
  if (standing.outlook->clock_is_doubtful()) {
    return {kTitle, "-", "none before the clock is right"};
  }
  const TimePoint at = standing.outlook->step.at;
  return at <= now ? Cell{kTitle, "now", "now"} : Cell{kTitle, minute_of(at), minute_of(at) + " UTC"};
}

Cell in_use_cell(const Standing& standing) {
  constexpr std::string_view kTitle = "in use";
  if (!standing.in_use) {
    return {kTitle, "not known", "not known: no renewal has been verified yet"};
  }
  if (standing.installed_is_in_use()) {
    return {kTitle, "the same", "the same"};
  }
  const auto& record = *standing.in_use;
  return {kTitle, brief_serial(record.serial), fmt::format("{}, until {}", record.serial, day_of(record.not_after))};
}

std::vector<Cell> cells_of(const Standing& standing, TimePoint now) {
  const auto* const success = standing.last_success();
  std::vector<Cell> cells{next_attempt(standing, now)};
  if (standing.outlook) {
    const auto& certificate = standing.outlook->certificate;
    cells.push_back({"expires", day_of(certificate.not_after()), minute_of(certificate.not_after()) + " UTC"});
  } else {
    cells.push_back({"expires", "?", ""});
  }
  cells.push_back({"last success", success == nullptr ? "never" : minute_of(success->ended),
                   success == nullptr ? "never renewed by this program" : minute_of(success->ended) + " UTC"});
  const std::string serial = standing.outlook ? standing.outlook->certificate.serial() : "";
  cells.push_back({"serial", serial.empty() ? "?" : brief_serial(serial), serial});
  cells.push_back(in_use_cell(standing));
  return cells;
}

std::string in_words(installation::Phase phase) {
  using installation::Phase;
  switch (phase) {
    case Phase::requested:
      return "the cloud is being asked";
    case Phase::answered:
      return "the cloud has answered; nothing is installed yet";
    case Phase::accepted:
      return "the answer is being installed";
    case Phase::installed:
      return "installed; the gateway has not been restarted with it yet";
    case Phase::activated:
      return "the gateway has been told, and is being verified";
    case Phase::verified:
      return "the gateway is well; only the books are to be closed";
    case Phase::rolling_back:
      return "the old keystore is being put back";
  }
  return "";
}

std::string phase_of(const installation::JournalEntry& entry) {
  const auto reached = entry.reached_at(entry.phase);
  const std::string since = reached ? ", since " + minute_of(*reached) + " UTC" : "";
  return fmt::format("{} ({}{})", in_words(entry.phase), to_string(entry.phase), since);
}

Row row_of(const Standing& standing, TimePoint now) {
  const renewal::Assessment assessment = renewal::assess(standing, {}, now);
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
  if (!standing.attempts.last_message.empty()) {
    row.remarks.emplace_back("last error",
                             fmt::format("{}: {}", standing.attempts.last_failure, standing.attempts.last_message));
  }
  if (std::string advice = assessment.advice(); !advice.empty()) {
    row.remarks.emplace_back("what to do", std::move(advice));
  }
  return row;
}

// How the rows share the screen.
struct Widths {
  std::size_t name;
  std::size_t left;
  std::size_t bar;
  std::vector<std::size_t> cells;  // of those that have a column
};

Widths widths_of(const std::vector<Row>& rows, const Screen& screen) {
  Widths widths{
      .name = std::string_view("certificate").size(), .left = std::string_view("left").size(), .bar = 0, .cells = {}};
  for (const Row& row : rows) {
    widths.left = std::max(widths.left, columns(row.left));
  }
  const std::size_t between = kGap + to_string(Severity::critical).size() + kGap + kGap + widths.left;
  const std::size_t rest_for_name = screen.width - std::min(screen.width, between + kShortestBar);
  for (const Row& row : rows) {
    widths.name = std::max(widths.name, std::min({row.name.size(), kLongestName, rest_for_name}));
  }
  const std::size_t fixed = widths.name + between;
  std::size_t used = fixed + kShortestBar;
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
  const std::size_t taken = used - kShortestBar;
  widths.bar = std::clamp(screen.width - std::min(screen.width, taken), kBarAtLeast, kWidestBar);
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
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

std::string heading(const std::vector<Row>& rows, const Widths& widths) {
  std::vector<std::string> parts{padded("CERTIFICATE", widths.name),
                                 padded("STATE", to_string(Severity::critical).size()), padded("LIFE", widths.bar),
                                 padded("LEFT", widths.left)};
  for (std::size_t i = 0; i < widths.cells.size(); ++i) {
    parts.push_back(padded(title(rows.front().cells[i].title), widths.cells[i]));
  }
  return line_of(parts);
}

std::string bar_of(const Standing& standing, TimePoint now, std::size_t width, const Screen& screen) {
  if (!standing.outlook) {
    return padded("cannot be read", width);
  }
  const auto& certificate = standing.outlook->certificate;
  return life_bar({certificate.not_before(), standing.outlook->window_opens, certificate.not_after()}, now, width,
                  screen);
}

std::string drawn(const Row& row, const Widths& widths, TimePoint now, const Screen& screen) {
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
    text += cell.whole.empty() ? "" : labelled(cell.title, cell.whole, kCellIndent, kTitleWidth, screen);
  }
  for (const auto& [label, remark] : row.remarks) {
    text += labelled(label, remark, kCellIndent, kTitleWidth, screen);
  }
  return text;
}

}  // namespace

std::string status_table(const Overview& overview, TimePoint now, const Screen& screen) {
  const std::string daemon =
      overview.daemon ? "The daemon is running: " + *overview.daemon + "."
                      : "No daemon is running: nothing is renewed by itself (systemctl start gravitee-renewd).";
  std::string text;
  for (const auto& line : wrapped(shown(daemon, screen), screen.width)) {
    text += (overview.daemon ? line : coloured(line, Severity::warning, screen)) + "\n";
  }
  std::vector<Row> rows;
  for (const Standing& standing : overview.standings) {
    rows.push_back(row_of(standing, now));
  }
  if (rows.empty()) {
    return text;
  }
  const Widths widths = widths_of(rows, screen);
  text += "\n" + heading(rows, widths);
  for (const Row& row : rows) {
    text += drawn(row, widths, now, screen) + "\n";
  }
  return text + life_bar_legend(screen) + "\n";
}

}  // namespace renewd::commands
