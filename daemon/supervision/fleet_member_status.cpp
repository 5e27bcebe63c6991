// What a member shows of its fleet.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "supervision/fleet_member.hpp"

namespace renewd::supervision {
namespace {

using fleet::MemberState;

// One that runs with what is published, or with a later one that is not.
bool uses(const fleet::MemberRecord& member, const fleet::CertificateRecord& newest) {
  return member.in_use && !fleet::is_later(newest, *member.in_use);
}

// The first one, in the order in which they matter.
std::optional<Problem> refused_in(const fleet::View& view) {
  const auto problem = [](std::string_view name, const auto& value) {
    const auto& refused = value.refused;
    return refused ? std::optional(Problem{fmt::format("this host cannot use the value `{}` in etcd ({}): {}", name,
                                                       to_string(refused->refusal), refused->message),
                                           advice_on(refused->refusal)})
                   : std::nullopt;
  };
  auto first = problem("generation", view.generation);
  first = first ? first : problem("rollout", view.rollout);
  return first ? first : problem("renewal", view.renewal);
}

// Those may wait as long as their windows, or an operator, want.
bool may_be_behind(MemberState state) {
  switch (state) {
    case MemberState::current:
    case MemberState::ready:
    case MemberState::leading:
      return true;
    case MemberState::waiting:
    case MemberState::turn:
    case MemberState::failed:
    case MemberState::unable:
    case MemberState::apart:
    case MemberState::alone:
      break;
  }
  return false;
}

}  // namespace

std::optional<state::FleetStatus> FleetMember::status() const {
  const auto unreachable = view_.unreachable_for();
  if (view_.view() == nullptr && !view_.error()) {
    return std::nullopt;
  }
  state::FleetStatus status{.unreachable = {}, .state = {}};
  if (last_self_) {
    status.state = to_string(last_step_.state);
    status.sentence = last_step_.reason;
  }
  if (unreachable && view_.error()) {
    status.unreachable = to_string(view_.error()->reason);
    status.problem = Problem{view_.error()->message, view_.error()->advice};
    status.unreachable_since = unreachable_since_.value_or(context_.clock.now());
  }
  if (alone_) {
    status.state = to_string(MemberState::alone);
  }
  status.conflict = conflict_problem();
  if (!keys_problem_.empty()) {
    status.other_key = Problem{keys_problem_, "correct fleet.etcd.key and fleet.etcd.second_key"};
  } else if (last_self_ && last_self_->other_key) {
    status.other_key = Problem{"other hosts of the fleet use another fleet.etcd.key",
                               "give all hosts the same fleet.etcd.key; to change it, keep the previous one as "
                               "fleet.etcd.second_key until `gravitee-renewd fleet reseal`"};
  }
  status.behind_since = behind_since_;
  if (view_.view() == nullptr) {
    return status;
  }
  const fleet::View& view = *view_.view();
  status.hosts = static_cast<unsigned>(view.members.size());
  status.leading = view.renewal.value && view.renewal.value->claim && view.renewal.value->claim->member == name_;
  status.waiting = last_step_.state == MemberState::waiting;
  if (view.generation.value) {
    const auto& header = view.generation.value->header;
    status.generation = header.generation;
    status.newest_not_after = header.certificate.not_after;
    status.hosts_in_use_of_newest = static_cast<unsigned>(std::ranges::count_if(view.members, [&](const auto& member) {
      return member.second.value && uses(*member.second.value, header.certificate);
    }));
  }
  status.refused = refused_in(trusted_view());
  if (view.rollout.value && view.rollout.value->halt) {
    const auto& halt = *view.rollout.value->halt;
    status.halt = state::FleetHalt{std::string(to_string(halt.reason)), halt.member, halt.at};
  }
  return status;
}

std::optional<Problem> FleetMember::conflict_problem() const {
  const bool acts = !conflict_ && view_.view() != nullptr && view_.view()->is_contested(name_, link_->process);
  if (!conflict_ && !acts) {
    return std::nullopt;
  }
  return Problem{fmt::format("another process has the name {} in the fleet, too: {} one restarts nothing", name_,
                             acts ? "that" : "this"),
                 "give each host its own fleet.etcd.host, and each cloned host its own machine id"};
}

void FleetMember::note_whether_behind() {
  const auto* view = view_.view();
  const bool is_behind =
      view != nullptr && view->generation.value && last_self_ && last_self_->takes_part &&
      !may_be_behind(last_step_.state) &&
      !(last_self_->in_use && !fleet::is_later(view->generation.value->header.certificate, *last_self_->in_use));
  behind_since_ = is_behind ? behind_since_.value_or(context_.clock.now()) : std::optional<TimePoint>();
}

std::map<std::string, std::uint64_t> FleetMember::failed_calls() const {
  std::map<std::string, std::uint64_t> failed;
  for (const auto& [reason, count] : link_->store->failures()) {
    failed[std::string(to_string(reason))] = count;
  }
  return failed;
}

}  // namespace renewd::supervision
