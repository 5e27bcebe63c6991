#include "renewal/transitions.hpp"

namespace renewd::renewal {
namespace {

using state::Phase;

// A step at the gateway has failed. Only a gateway that does not run with the keystore is a reason to roll back, never
// a full disk or a stop of the daemon.
Action after_failure(Phase phase, const Facts& facts) {
  if (facts.failed != ErrorKind::gateway) {
    return Action::stop;
  }
  if (phase == Phase::activated && !facts.activated_here) {
    return Action::activate_again;
  }
  return facts.previous == Previous::unusable ? Action::retry_later : Action::roll_back;
}

Action back_from_roll_back(Previous previous) {
  switch (previous) {
    case Previous::unusable:
      return Action::go_forward;
    case Previous::usable:
      return Action::roll_back;
    case Previous::newer:
      return Action::restore_chosen;
  }
  return Action::stop;
}

}  // namespace

Start start_of(const std::optional<state::JournalEntry>& record, bool answer_is_stored, bool replaced) {
  if (!record || record->phase == Phase::requested) {
    return Start::new_renewal;  // whether or not a request was made: no answer is stored
  }
  if (record->is_at_gateway()) {
    return replaced ? Start::adapt : Start::resume;
  }
  if (!answer_is_stored) {
    return Start::new_renewal;
  }
  const bool tried_enough = record->phase == Phase::answered && record->rolled_back >= kRollbacksPerAnswer;
  return tried_enough ? Start::give_up_answer : Start::resume;
}

Action next(const std::optional<state::JournalEntry>& record, const Facts& facts) {
  if (!record) {
    return Action::request;
  }
  if (record->is_at_gateway() && facts.replaced) {
    return Action::yield;
  }
  if (facts.failed) {
    return after_failure(record->phase, facts);
  }
  switch (record->phase) {
    case Phase::requested:
      return Action::request;  // it may have been made before: no answer is stored
    case Phase::answered:
    case Phase::accepted:
      return Action::install;
    case Phase::installed:
      return Action::activate;
    case Phase::activated:
      return Action::verify;
    case Phase::verified:
      return Action::finish;
    case Phase::rolling_back:
      return back_from_roll_back(facts.previous);
  }
  return Action::stop;
}

}  // namespace renewd::renewal
