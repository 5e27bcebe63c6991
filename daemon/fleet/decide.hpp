// What one member of a fleet does next. Pure: no clock, no disk, no network; the simulation calls it as the daemon
// does.
#pragma once

#include <optional>
#include <string>

#include "core/clock.hpp"
#include "fleet/records.hpp"
#include "fleet/situation.hpp"

namespace renewd::fleet {

// Each of these is one step. Afterwards decide() is asked again, but for `wait`.
enum class Act {
  wait,         // until `at`, or a change
  judge,        // the stored answer: nothing is known about it since the start
  deploy,       // install, activate, verify; or resume that
  request,      // the claim of `renewal` has just succeeded, or is to be written: then request a certificate
  adopt,        // what is published
  publish,      // the answer or, without one, the installed certificate
  set_aside,    // the answer, which is not later than what is published
  end_claim,    // its own
  go_alone,     // request one for itself: it can take no part, and too little time is left
  take,         // a turn
  report,       // the outcome of its turn, or release it
  halt,         // a holder is lost, or this host's gateway is down
  return_back,  // it was lost, and is back
};

struct Step {
  Act act;
  TimePoint at = {};  // `wait`: when to ask again at the latest
  MemberState state = MemberState::current;
  std::string reason = {};  // one sentence, for people; may be empty
  // What to write before anything else, if this act writes it.
  std::optional<RenewalRecord> renewal = std::nullopt;
  std::optional<Rollout> rollout = std::nullopt;
};

// `id` is a fresh random id, for a claim or a turn.
Step decide(const View& view, const Sightings& sightings, const Self& self, const Rules& rules, const std::string& id,
            Now now);

// Why it is not the turn of a member that waits for it: the halt, or those whose turn it is.
std::string why_no_turn(const Rollout& rollout);

}  // namespace renewd::fleet
