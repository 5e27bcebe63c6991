#include "commands/fleet_text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/fleet_rows.hpp"
#include "commands/layout.hpp"
#include "commands/printable_output.hpp"
#include "core/text.hpp"
#include "fleet/transactions.hpp"
#include "state/fleet_status.hpp"

namespace renewd::commands {
namespace {

namespace json = boost::json;
using fleet::View;

constexpr std::size_t kIndent = 2;
constexpr std::size_t kLabelWidth = 11;
constexpr std::size_t kWidestName = 48;
constexpr std::size_t kStateWidth = 8;
constexpr std::size_t kBriefSerial = 8;

std::string ago(TimePoint time, TimePoint now) {
  return time <= now ? format_duration(std::chrono::floor<std::chrono::seconds>(now - time)) + " ago"
                     : "at " + format_minute(time) + " UTC, by a clock that is ahead";
}

std::string published_line(const View& view, TimePoint now) {
  if (view.generation.is_absent()) {
    return "nothing has been published yet";
  }
  if (!view.generation.value) {
    return fmt::format("the published generation cannot be read ({}): {}", to_string(view.generation.refused->refusal),
                       printable(view.generation.refused->message));
  }
  const auto& header = view.generation.value->header;
  const std::string how = header.claim == "by_hand" ? " (by hand)"
                          : header.claim == "alone" ? ", which renewed alone"
                                                    : "";
  return fmt::format("generation {}, serial {}, valid until {} UTC; published {} by {}{}; sealed with the key {}",
                     header.generation, printable(header.certificate.serial),
                     format_minute(header.certificate.not_after), ago(header.at, now), printable(header.published_by),
                     how, printable(header.key_id));
}

// Who requests a certificate, or why nobody does.
std::string renewal_line(const View& view, TimePoint now) {
  if (!view.renewal.value) {
    return view.renewal.refused ? "cannot be read: " + printable(view.renewal.refused->message) : "";
  }
  const auto& renewal = *view.renewal.value;
  std::string text;
  if (renewal.claim) {
    text = fmt::format("{} leads: it has been requesting a certificate since {} UTC", printable(renewal.claim->member),
                       format_minute(renewal.claim->at));
  }
  if (renewal.failed && renewal.failures > 0) {
    text += fmt::format("{}{} request{} failed in a row, the last one {} on {}: {}: {}", text.empty() ? "" : "; ",
                        renewal.failures, renewal.failures == 1 ? "" : "s", ago(renewal.failed->at, now),
                        printable(renewal.failed->member), printable(renewal.failed->failure_class),
                        printable(renewal.failed->message));
  }
  return text;
}

std::string halt_line(const fleet::Rollout& rollout) {
  if (!rollout.halt) {
    return "";
  }
  const auto& [reason, member, at] = *rollout.halt;
  return fmt::format("since {} UTC {}; to continue: gravitee-renewd fleet resume", format_minute(at),
                     state::halted_by(to_string(reason), member));
}

std::string bar(const FleetRows& all, const Screen& screen) {
  const std::size_t width = std::clamp<std::size_t>(screen.width / 4, 8, 40);
  const std::size_t total = std::max<std::size_t>(all.present + all.missing, 1);
  const auto share = [&](std::size_t part) { return part * width / total; };
  const std::size_t done = share(all.in_use);
  const std::size_t turning =
      std::min(width - done, all.restarting == 0 ? 0 : std::max<std::size_t>(1, share(all.restarting)));
  std::string text = screen.utf8 ? "" : "[";
  for (std::size_t i = 0; i < width; ++i) {
    const bool is_done = i < done;
    const bool turns = !is_done && i < done + turning;
    text += screen.utf8 ? (is_done ? "█" : turns ? "▒" : "░") : (is_done ? "#" : turns ? "+" : "-");
  }
  return text + (screen.utf8 ? "" : "]");
}

std::string rollout_line(const FleetRows& all, const Screen& screen) {
  std::string text = fmt::format("{} in use on {} of {}", bar(all, screen), all.in_use, all.present + all.missing);
  const auto add = [&text](std::size_t number, std::string_view what) {
    text += number == 0 ? "" : fmt::format(", {} {}", number, what);
  };
  add(all.restarting, "restarting");
  add(all.waiting, "to come");
  add(all.failed, "failed");
  add(all.missing, "missing");
  return text;
}

// "7 2027-11-24": the generation, or the beginning of the serial, and when it expires.
std::string certificate_cell(const std::optional<fleet::CertificateRecord>& certificate, std::uint64_t generation) {
  if (!certificate) {
    return "unknown";
  }
  const std::string name =
      generation == 0 ? printable(certificate->serial).substr(0, kBriefSerial) : std::to_string(generation);
  return fmt::format("{} {}", name, format_day(certificate->not_after));
}

std::string in_use_cell(const FleetRow& row) {
  return row.record ? certificate_cell(row.record->in_use, row.generation_in_use) : "-";
}

std::string line_of(const std::vector<std::pair<std::string, std::size_t>>& cells) {
  std::string line;
  for (const auto& [text, width] : cells) {
    line += (line.empty() ? "" : "  ") + padded(text, width);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

// As wide as their contents; the names get the rest, at most.
struct MemberWidths {
  std::size_t name = std::string_view("MEMBER").size();
  std::size_t installed = std::string_view("INSTALLED").size();
  std::size_t in_use = std::string_view("IN USE").size();
};

std::string installed_cell(const FleetRow& row) {
  return row.record ? certificate_cell(row.record->installed, row.generation) : "-";
}

MemberWidths widths_of(const FleetRows& all, const Screen& screen) {
  constexpr std::size_t kGaps = 8;
  constexpr std::size_t kSince = 8;
  MemberWidths widths;
  for (const auto& row : all.rows) {
    widths.installed = std::max(widths.installed, columns(installed_cell(row)));
    widths.in_use = std::max(widths.in_use, columns(in_use_cell(row)));
  }
  const std::size_t taken = kGaps + kStateWidth + widths.installed + widths.in_use + kSince;
  const std::size_t most =
      std::clamp<std::size_t>(screen.width - std::min(screen.width, taken), widths.name, kWidestName);
  for (const auto& row : all.rows) {
    widths.name = std::max(widths.name, std::min(columns(shown(row.name, screen)) + 1, most));
  }
  return widths;
}

std::string rows_text(const FleetRows& all, const std::string& self, TimePoint now, const Screen& screen) {
  const MemberWidths widths = widths_of(all, screen);
  std::string text = line_of({{"MEMBER", widths.name},
                              {"STATE", kStateWidth},
                              {"INSTALLED", widths.installed},
                              {"IN USE", widths.in_use},
                              {"SINCE", 0}});
  for (const auto& row : all.rows) {
    std::string name = shown(row.name, screen) + (row.name.starts_with(self + "/") ? "*" : "");
    if (columns(name) > widths.name) {
      text += name + "\n";
      name.clear();
    }
    const auto& record = row.record;
    text += line_of({{name, widths.name},
                     {row.state, kStateWidth},
                     {installed_cell(row), widths.installed},
                     {in_use_cell(row), widths.in_use},
                     {record ? format_duration(std::max(std::chrono::seconds(0),
                                                        std::chrono::floor<std::chrono::seconds>(now - record->since)))
                             : "-",
                      0}});
    text += row.why.empty() ? "" : labelled("why", row.why, kIndent, kLabelWidth, screen);
  }
  return text;
}

json::value json_of(const std::optional<fleet::CertificateRecord>& certificate) {
  if (!certificate) {
    return nullptr;
  }
  return json::object{{"serial", certificate->serial},
                      {"sha256_fingerprint", certificate->fingerprint},
                      {"not_before", format_time(certificate->not_before)},
                      {"not_after", format_time(certificate->not_after)}};
}

json::value published_json(const View& view) {
  if (!view.generation.value) {
    return nullptr;
  }
  const auto& header = view.generation.value->header;
  return json::object{{"generation", header.generation},
                      {"certificate", json_of(header.certificate)},
                      {"published_by", header.published_by},
                      {"published_at", format_time(header.at)},
                      {"claim", header.claim},
                      {"key_id", header.key_id}};
}

json::value renewal_json(const View& view) {
  if (!view.renewal.value) {
    return nullptr;
  }
  const auto& renewal = *view.renewal.value;
  json::object object{
      {"leader", nullptr}, {"since", nullptr}, {"failures", renewal.failures}, {"last_failure", nullptr}};
  if (renewal.claim) {
    object["leader"] = renewal.claim->member;
    object["since"] = format_time(renewal.claim->at);
  }
  if (renewal.failed) {
    object["last_failure"] = json::object{{"member", renewal.failed->member},
                                          {"class", renewal.failed->failure_class},
                                          {"message", renewal.failed->message},
                                          {"at", format_time(renewal.failed->at)}};
  }
  return object;
}

json::object json_of(const FleetRow& row) {
  json::object object{{"member", row.name},      {"state", row.state},   {"why", row.why},
                      {"restarting", row.holds}, {"failed", row.failed}, {"uses_newest", row.uses_newest}};
  object["generation"] = row.generation != 0 ? json::value(row.generation) : json::value(nullptr);
  object["installed"] = row.record ? json_of(row.record->installed) : json::value(nullptr);
  object["in_use"] = row.record ? json_of(row.record->in_use) : json::value(nullptr);
  object["since"] = row.record ? json::value(format_time(row.record->since)) : json::value(nullptr);
  object["version"] = row.record ? json::value(row.record->version) : json::value(nullptr);
  object["key_id"] = row.record ? json::value(row.record->key_id) : json::value(nullptr);
  return object;
}

}  // namespace

std::string fleet_table(const std::string& account, const View& view, const std::string& self, TimePoint now,
                        const Screen& screen) {
  const FleetRows all = fleet_rows(view);
  const auto rollout = fleet::current_rollout(view);
  std::string text = "account " + printable(account) + "\n";
  const auto add = [&](std::string_view label, const std::string& line) {
    text += line.empty() ? "" : labelled(label, line, kIndent, kLabelWidth, screen);
  };
  add("newest", published_line(view, now));
  add("renewal", renewal_line(view, now));
  if (view.rollout.refused) {
    add("restarts", "cannot be read: " + printable(view.rollout.refused->message));
  } else {
    add("restarts", view.generation.value && !all.rows.empty() ? rollout_line(all, screen) : "");
  }
  add("halted", halt_line(rollout));
  if (all.rows.empty()) {
    return text + "\nno member is present: is the daemon running on the hosts?\n";
  }
  text += "\n" + rows_text(all, self, now, screen);
  const bool is_here =
      std::ranges::any_of(all.rows, [&](const FleetRow& row) { return row.name.starts_with(self + "/"); });
  return text + (is_here ? "* this host\n" : "");
}

json::object fleet_json(const std::string& account, const View& view) {
  const FleetRows all = fleet_rows(view);
  const auto rollout = fleet::current_rollout(view);
  json::array members;
  for (const auto& row : all.rows) {
    members.push_back(json_of(row));
  }
  json::object object{{"account", account},
                      {"newest", published_json(view)},
                      {"renewal", renewal_json(view)},
                      {"hosts", all.present},
                      {"hosts_in_use_of_newest", all.in_use}};
  object["halted"] = rollout.halt ? json::value(json::object{{"reason", to_string(rollout.halt->reason)},
                                                             {"member", rollout.halt->member},
                                                             {"at", format_time(rollout.halt->at)}})
                                  : json::value(nullptr);
  object["members"] = std::move(members);
  return object;
}

}  // namespace renewd::commands
