#include "commands/fleet_rows.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "fleet/decide.hpp"
#include "fleet/transactions.hpp"

namespace renewd::commands {
namespace {

using fleet::MemberName;
using fleet::Rollout;

std::string shown_why(const std::string& own, const Rollout& rollout, const MemberName& name) {
  if (const auto failure = rollout.failed.find(name); failure != rollout.failed.end()) {
    return fmt::format("failed at {} UTC: {}{}", format_minute(failure->second.at), printable(failure->second.message),
                       failure->second.given_up ? "; it has given up" : "; it tries again");
  }
  return printable(own);
}

bool is_newest(const std::optional<fleet::CertificateRecord>& certificate, const Rollout& rollout) {
  return certificate && !rollout.fingerprint.empty() && certificate->fingerprint == rollout.fingerprint;
}

// What a member says of its own may be older than the newest number: a certificate that was published again has
// another.
std::uint64_t generation_of(const std::optional<fleet::CertificateRecord>& certificate,
                            const fleet::MemberRecord& member, const Rollout& rollout) {
  if (is_newest(certificate, rollout)) {
    return rollout.generation;
  }
  const bool is_installed =
      certificate && member.installed && member.installed->fingerprint == certificate->fingerprint;
  return is_installed ? member.generation : 0;
}

FleetRow present_row(const MemberName& name, const fleet::Versioned<fleet::MemberRecord>& value, const Rollout& rollout,
                     bool is_contested) {
  FleetRow row{.name = name, .state = "unknown", .why = {}, .record = value.value};
  if (value.value) {
    row.state = to_string(value.value->state);
    // A member does not write its reason again for each turn of another one.
    const bool is_derived =
        value.value->state == fleet::MemberState::waiting && (rollout.halt || !rollout.holders.empty());
    row.why = shown_why(is_derived ? fleet::why_no_turn(rollout) : value.value->reason, rollout, name);
    row.generation = generation_of(value.value->installed, *value.value, rollout);
    row.generation_in_use = generation_of(value.value->in_use, *value.value, rollout);
    if (is_contested) {
      row.why += fmt::format(
          "{}another process has the same name, and restarts nothing: give each host its own "
          "fleet.etcd.host",
          row.why.empty() ? "" : "; ");
    }
    row.uses_newest = is_newest(value.value->in_use, rollout);
  } else if (value.refused) {
    row.why = fmt::format("its record cannot be read ({}): {}", to_string(value.refused->refusal),
                          printable(value.refused->message));
  }
  return row;
}

// Those that the roll-out names, and that are not there.
void add_missing(const Rollout& rollout, std::map<MemberName, FleetRow>& rows) {
  const auto add = [&rows, &rollout](const MemberName& name, const std::string& why) {
    if (!rows.contains(name)) {
      rows.emplace(
          name,
          FleetRow{.name = name, .state = "missing", .why = shown_why(why, rollout, name), .record = std::nullopt});
    }
  };
  for (const auto& holder : rollout.holders) {
    add(holder.member, fmt::format("has been restarting its gateway since {} UTC", format_minute(holder.at)));
  }
  for (const auto& name : rollout.lost) {
    add(name, "was lost while it restarted its gateway");
  }
  for (const auto& [name, failure] : rollout.failed) {
    add(name, "");
  }
  for (const auto& name : rollout.verified) {
    add(name, "used the newest certificate when it was last seen");
  }
}

void count(const FleetRow& row, FleetRows& into) {
  const bool missing = row.state == "missing";
  into.missing += missing ? 1 : 0;
  into.present += missing ? 0 : 1;
  into.in_use += row.uses_newest ? 1 : 0;
  into.restarting += row.holds ? 1 : 0;
  into.failed += row.failed ? 1 : 0;
  into.waiting += !missing && !row.uses_newest && !row.holds && !row.failed ? 1 : 0;
}

}  // namespace

FleetRows fleet_rows(const fleet::View& view) {
  const Rollout rollout = fleet::current_rollout(view);
  std::map<MemberName, FleetRow> rows;
  for (const auto& [name, value] : view.members) {
    const bool is_contested = value.value && view.is_contested(name, value.value->process);
    rows.emplace(name, present_row(name, value, rollout, is_contested));
  }
  add_missing(rollout, rows);
  FleetRows all;
  for (auto& [name, row] : rows) {
    row.holds = rollout.holder(name) != nullptr;
    row.failed = rollout.failed.contains(name);
    count(row, all);
    all.rows.push_back(std::move(row));
  }
  return all;
}

}  // namespace renewd::commands
