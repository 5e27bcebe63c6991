#include "support/fleet/auditor.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/text.hpp"
#include "fleet/base64.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::MemberName;
using fleet::View;

// A member sends at most one keep-alive in this time.
constexpr auto kKeepAlive = 20s;

struct State {
  TimePoint at;
  View view;
  bool restored;
};

class Audit {
 public:
  explicit Audit(const FleetHistory& history) : history_(history) {
    View view;
    states_.push_back({TimePoint::min(), view, false});
    for (const auto& revised : history.revisions) {
      if (revised.restored) {
        view = fleet::view_of({revised.changes.revision, revised.changes.puts}, history.keys);
      } else {
        fleet::apply(revised.changes, history.keys, view);
      }
      states_.push_back({revised.at, view, revised.restored});
    }
  }

  std::vector<Violation> run() {
    generations_are_later();
    each_request_has_a_claim();
    requests_have_reasons();
    newest_is_published();
    few_gateways_are_down();
    restarts_are_turns();
    nobody_takes_while_halted();
    everybody_has_the_newest();
    no_secret_is_stored();
    nothing_earlier_is_installed();
    idle_hosts_are_quiet();
    return std::move(violations_);
  }

 private:
  template <typename... Parts>
  void violated(int invariant, fmt::format_string<Parts...> text, Parts&&... parts) {
    violations_.push_back({invariant, fmt::format(text, std::forward<Parts>(parts)...)});
  }

  template <typename Visit>
  void each_step(Visit visit) const {
    for (std::size_t i = 1; i < states_.size(); ++i) {
      visit(states_[i - 1], states_[i]);
    }
  }
  const State& state_at(TimePoint time) const {
    const auto after = std::ranges::upper_bound(states_, time, {}, &State::at);
    return *std::prev(after);
  }
  bool is_excepted(const std::vector<Exception>& exceptions, const MemberName& member, TimePoint from,
                   TimePoint until) const {
    return std::ranges::any_of(
        exceptions, [&](const Exception& one) { return one.member == member && one.at >= from && one.at <= until; });
  }
  bool holds(const State& state, const MemberName& member) const {
    return state.view.rollout.value && state.view.rollout.value->holder(member) != nullptr;
  }
  // When the turn began that the member has at `time`.
  TimePoint turn_began(const MemberName& member, TimePoint time) const {
    TimePoint began = TimePoint::max();
    each_step([&](const State& before, const State& after) {
      if (after.at <= time && !holds(before, member) && holds(after, member)) {
        began = after.at;
      }
    });
    return began;
  }

  void generations_are_later();
  void each_request_has_a_claim();
  void requests_have_reasons();
  void newest_is_published();
  void few_gateways_are_down();
  void restarts_are_turns();
  void nobody_takes_while_halted();
  void everybody_has_the_newest();
  void no_secret_is_stored();
  void nothing_earlier_is_installed();
  void idle_hosts_are_quiet();
  bool is_accounted_for(const Restart& restart, TimePoint time) const;
  bool was_verified(const std::string& fingerprint, TimePoint before) const;

  const FleetHistory& history_;
  std::vector<State> states_;
  std::vector<Violation> violations_;
};

void Audit::generations_are_later() {
  each_step([this](const State& before, const State& after) {
    const auto& old_one = before.view.generation;
    const auto& new_one = after.view.generation;
    if (after.restored || new_one.revision == old_one.revision || !old_one.value || !new_one.value) {
      return;
    }
    const auto& earlier = old_one.value->header;
    const auto& later = new_one.value->header;
    const bool sealed_again = earlier.generation == later.generation && earlier.certificate == later.certificate;
    if (!sealed_again && !fleet::is_later(later.certificate, earlier.certificate)) {
      violated(1, "revision {}: {} was published after {}, and is not later", after.view.revision,
               later.certificate.serial, earlier.certificate.serial);
    }
  });
}

void Audit::each_request_has_a_claim() {
  std::set<std::string> used;
  for (const auto& post : history_.posts) {
    if (post.claim.empty()) {
      continue;
    }
    if (!used.insert(post.claim).second) {
      violated(2, "{} requested twice with the claim {}", post.member, post.claim);
    }
    const bool claimed = std::ranges::any_of(states_, [&post](const State& state) {
      const auto& renewal = state.view.renewal.value;
      return state.at <= post.at && renewal && renewal->claim && renewal->claim->id == post.claim &&
             renewal->claim->member == post.member;
    });
    if (!claimed) {
      violated(2, "{} requested without a claim", post.member);
    }
  }
}

void Audit::requests_have_reasons() {
  std::size_t takeovers = 0;
  std::size_t restorations = 0;
  each_step([&](const State& before, const State& after) {
    const auto& earlier = before.view.renewal.value;
    const auto& later = after.view.renewal.value;
    takeovers += earlier && later && earlier->claim && later->claim && earlier->claim->id != later->claim->id ? 1 : 0;
    restorations += after.restored ? 1 : 0;
  });
  const auto alone = static_cast<std::size_t>(
      std::ranges::count_if(history_.posts, [](const Post& post) { return post.claim.empty(); }));
  const std::size_t allowed = 1 + takeovers + restorations + alone + history_.further_requests;
  if (history_.posts.size() > allowed) {
    violated(3, "{} requests, where {} have a reason ({} takeovers, {} alone, {} restorations, {} others)",
             history_.posts.size(), allowed, takeovers, alone, restorations, history_.further_requests);
  }
}

void Audit::newest_is_published() {
  const auto& generation = states_.back().view.generation.value;
  for (const auto& member : history_.ended ? history_.members : std::vector<LiveMember>()) {
    for (const auto& answer : member.answers) {
      if (!generation || fleet::is_later(answer, generation->header.certificate)) {
        violated(4, "{} has the answer {}, which is later than what is published", member.name, answer.serial);
      }
    }
  }
}

// Of the fleet's own doing: in its turn, which has not been dropped.
bool Audit::is_accounted_for(const Restart& restart, TimePoint time) const {
  return !restart.alone && !is_excepted(history_.drops, restart.member, turn_began(restart.member, restart.down), time);
}

bool Audit::was_verified(const std::string& fingerprint, TimePoint before) const {
  const auto is_verified = [&](const State& state) {
    const auto& rollout = state.view.rollout.value;
    return state.at <= before && rollout && rollout->fingerprint == fingerprint && !rollout->verified.empty();
  };
  return std::ranges::any_of(states_, is_verified);
}

void Audit::few_gateways_are_down() {
  for (const auto& restart : history_.restarts) {
    std::set<std::string> down;
    std::set<std::string> with_the_same;
    for (const auto& other : history_.restarts) {
      if (other.down <= restart.down && restart.down < other.up && is_accounted_for(other, restart.down)) {
        const std::string& gateway = other.gateway.empty() ? other.member : other.gateway;
        down.insert(gateway);
        if (other.fingerprint == restart.fingerprint) {
          with_the_same.insert(gateway);
        }
      }
    }
    if (down.size() > history_.restart_at_once) {
      violated(5, "{} gateways were down at {}, by {}", down.size(), format_time(restart.down), restart.member);
    } else if (with_the_same.size() > 1 && !was_verified(restart.fingerprint, restart.down)) {
      violated(5, "{} gateways were down at {} before the first had verified {}", with_the_same.size(),
               format_time(restart.down), restart.fingerprint);
    }
  }
}

void Audit::restarts_are_turns() {
  for (const auto& restart : history_.restarts) {
    if (restart.alone) {
      continue;
    }
    if (!holds(state_at(restart.down), restart.member)) {
      // It had one, which was dropped while it did not know.
      if (!is_excepted(history_.drops, restart.member, turn_began(restart.member, restart.down), restart.down)) {
        violated(6, "{} restarted at {} without a turn", restart.member, format_time(restart.down));
      }
      continue;
    }
    for (const auto& state : states_) {
      const bool during = state.at > restart.down && state.at < restart.up;
      if (during && !state.restored && !holds(state, restart.member) &&
          !is_excepted(history_.drops, restart.member, turn_began(restart.member, restart.down), restart.up)) {
        violated(6, "{} had no turn at {}, while its gateway was down", restart.member, format_time(state.at));
        break;
      }
      if (during && state.restored) {
        break;
      }
    }
  }
}

void Audit::nobody_takes_while_halted() {
  each_step([this](const State& before, const State& after) {
    const auto& earlier = before.view.rollout.value;
    const auto& later = after.view.rollout.value;
    if (after.restored || !earlier || !later || !earlier->halt || !later->halt ||
        earlier->fingerprint != later->fingerprint) {
      return;
    }
    for (const auto& holder : later->holders) {
      const bool took = earlier->holder(holder.member) == nullptr;
      const bool may_try_again = earlier->failed.contains(holder.member) && later->holders.size() == 1 &&
                                 earlier->halt->reason != fleet::HaltReason::by_operator;
      if (took && !may_try_again && !is_excepted(history_.overrides, holder.member, before.at, after.at)) {
        violated(7, "revision {}: {} took a turn while the roll-out was halted", after.view.revision, holder.member);
      }
    }
  });
}

void Audit::everybody_has_the_newest() {
  if (!history_.ended) {
    return;
  }
  const View& view = states_.back().view;
  if (view.renewal.value && view.renewal.value->claim) {
    violated(8, "the claim of {} is left over", view.renewal.value->claim->member);
  }
  if (view.rollout.value) {
    for (const auto& holder : view.rollout.value->holders) {
      violated(8, "the turn of {} is left over", holder.member);
    }
  }
  for (const auto& member : history_.members) {
    const bool newest = view.generation.value && view.generation.value->header.certificate.fingerprint == member.in_use;
    if (!newest && member.explanation.empty()) {
      violated(8, "{} uses {}, which is not the newest, and does not say why", member.name, member.in_use);
    }
  }
}

void Audit::no_secret_is_stored() {
  for (const auto& revised : history_.revisions) {
    for (const auto& put : revised.changes.puts) {
      for (const auto& secret : history_.secrets) {
        const bool found = put.value.find(secret) != std::string::npos ||
                           put.value.find(fleet::encode_base64(secret)) != std::string::npos;
        if (found) {
          violated(9, "revision {}: a secret is in {}", revised.changes.revision, put.key);
        }
      }
    }
  }
}

void Audit::nothing_earlier_is_installed() {
  for (const auto& one : history_.installations) {
    if (!one.restores && one.before && !fleet::is_later(one.after, *one.before)) {
      violated(10, "{} installed {}, which is not later than {}", one.member, one.after.serial, one.before->serial);
    }
  }
}

void Audit::idle_hosts_are_quiet() {
  std::map<std::string, std::size_t> calls;
  for (const auto& call : history_.idle_calls) {
    calls[call.host] += call.at >= history_.idle_from && call.at < history_.idle_until ? 1U : 0U;
  }
  const auto allowed = static_cast<std::size_t>((history_.idle_until - history_.idle_from) / kKeepAlive) + 1;
  for (const auto& [host, count] : calls) {
    if (count > allowed) {
      violated(11, "{} made {} calls while it was idle, instead of at most {}", host, count, allowed);
    }
  }
}

}  // namespace

std::vector<Violation> audit(const FleetHistory& history) {
  return Audit(history).run();
}

}  // namespace renewd::testing
