// What a member tells the others of itself, and how it notices what they do.
#include <utility>

#include "core/version.hpp"
#include "fleet/transactions.hpp"
#include "supervision/fleet_member.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;
using fleet::Act;
using fleet::MemberState;

namespace {

using namespace std::chrono_literals;

// Whether the others learn nothing new. The reason to wait has numbers that change with each turn of another host.
bool says_the_same(fleet::MemberRecord one, const fleet::MemberRecord& other) {
  if (one.state == MemberState::waiting && other.state == MemberState::waiting) {
    one.reason = other.reason;
  }
  return one == other;
}

}  // namespace

asio::awaitable<void> FleetMember::write_presence(fleet::MemberState state, std::string reason) {
  if (!view_.is_current() || fleet_keys_.empty() || !last_self_) {
    co_return;
  }
  fleet::MemberRecord record{.machine = link_->machine,
                             .process = link_->process,
                             .version = std::string(version()),
                             .key_id = fleet_keys_.front().id(),
                             .state = state,
                             .reason = std::move(reason),
                             .generation = 0,
                             .installed = last_self_->installed,
                             .in_use = last_self_->in_use,
                             .since = std::chrono::floor<std::chrono::seconds>(context_.clock.now())};
  if (local_.fingerprint == last_self_->installed->fingerprint) {
    record.generation = local_.generation;
  }
  if (record_ && record_->state == state) {
    record.since = record_->since;
  }
  const auto stored = view_.view()->members.find(name_);
  const bool is_stored =
      stored != view_.view()->members.end() && stored->second.value && says_the_same(*stored->second.value, record);
  if (conflict_) {
    if (auto report = fleet::report_conflict(*view_.view(), view_.keys(), name_)) {
      co_await view_.commit(std::move(*report));
    }
  }
  // Where writing has failed, this finds out whether it is possible again.
  if (conflict_ || (is_stored && view_.failed_commits() == 0)) {
    record_ = std::move(record);
    co_return;
  }
  const auto transaction = fleet::write_presence(*view_.view(), view_.keys(), name_, record);
  if (!transaction) {
    conflict_ = true;
    announcer_.conflict(name_, *conflict_problem());
    wake_();
    co_return;
  }
  if (co_await view_.commit(*transaction)) {
    present_ = true;
  }
  record_ = std::move(record);
}

bool FleetMember::is_present() const {
  const auto shown = view_.view()->members.find(name_);
  return shown != view_.view()->members.end() && shown->second.value && shown->second.value->process == link_->process;
}

// Nobody else could end it. The turn of a gateway that is down stays, so that no other one follows.
asio::awaitable<void> FleetMember::give_turn_back() {
  const auto rollout = fleet::current_rollout(*view_.view());
  const bool is_down = last_self_ && last_self_->gateway_down;
  if (!is_down && !conflict_ && !view_.view()->rollout.refused && rollout.holder(name_) != nullptr) {
    co_await view_.commit(fleet::write_rollout(*view_.view(), view_.keys(), fleet::released(rollout, name_)));
  }
}

asio::awaitable<void> FleetMember::leave(bool for_good) {
  const bool reachable = (request_failed_ || for_good) && co_await view_.refresh();
  if (!reachable) {
    co_return;
  }
  if (claim_stands()) {
    const auto ended = fleet::claim_ended(*view_.view(), request_failed_, retry_delay_);
    co_await view_.commit(fleet::write_renewal(*view_.view(), view_.keys(), ended));
  }
  if (!for_good) {
    co_return;
  }
  co_await give_turn_back();
  if (const auto removal = fleet::remove_presence(*view_.view(), view_.keys(), name_, link_->process)) {
    present_ = false;
    co_await view_.commit(*removal);
  }
}

// Wakes the supervisor if it would do something else now than what it was told.
void FleetMember::view_changed() {
  const auto unreachable = view_.unreachable_for();
  announcer_.reachable(unreachable, view_.error());
  if (!unreachable) {
    unreachable_since_.reset();
  } else if (!unreachable_since_) {
    unreachable_since_ = context_.clock.now() - std::chrono::duration_cast<TimePoint::duration>(*unreachable);
  }
  if (!busy_ && !alone_ && last_situation_ && goes_alone(*last_situation_)) {
    wake_();
  }
  if (view_.view() == nullptr) {
    return;
  }
  announcer_.saw(*view_.view(), view_.keys());
  const auto mine = view_.view()->members.find(name_);
  const bool is_there = mine != view_.view()->members.end();
  const bool is_ours = is_present();
  const auto& refused = is_there ? mine->second.refused : std::nullopt;
  const bool other_machine =
      is_there && (mine->second.value ? mine->second.value->machine != link_->machine
                                      : refused && refused->refusal == fleet::Refusal::newer_version);
  // Of a damaged record nobody knows whose it is: it is written again.
  const bool is_damaged = refused && refused->refusal != fleet::Refusal::newer_version;
  const bool conflict = is_there && !is_ours && !is_damaged && (present_ || other_machine);
  bool differs = std::exchange(conflict_, conflict) != conflict;
  if (const auto problem = conflict_problem()) {
    announcer_.conflict(name_, *problem);
  } else {
    announcer_.no_conflict(name_);
  }
  const bool must_write = conflict ? fleet::report_conflict(*view_.view(), view_.keys(), name_).has_value()
                                   : (!is_there || is_damaged) && present_;
  differs = differs || (must_write && view_.failed_commits() == 0);
  if (busy_ || !last_self_) {
    if (!last_self_) {
      wake_();  // read for the first time
    }
    return;
  }
  last_self_->conflict = conflict_;
  last_self_->other_key = uses_other_key(*view_.view());
  if (unable_.revision != view_.view()->generation.revision) {
    last_self_->unable.reset();
  }
  if (moment_of(*view_.view()) == decided_at_) {
    seen_();
    return;
  }
  const fleet::Step step = fleet::decide(trusted_view(), view_.sightings(), *last_self_, rules_, "", now());
  if (differs || step.act != Act::wait || step.state != last_step_.state || step.at + 1s < last_step_.at) {
    wake_();
  } else {
    seen_();
  }
}

}  // namespace renewd::supervision
