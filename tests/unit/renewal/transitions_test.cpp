#include "renewal/transitions.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::renewal;
using state::JournalEntry;
using state::Phase;

namespace {

struct Row {
  std::optional<Phase> phase;  // nothing: no renewal has begun
  Facts facts;
  Action action;
};

constexpr Facts kActivatedHere{.activated_here = true};
constexpr Facts kFound{};

Facts failed(Facts facts, ErrorKind kind, Previous previous = Previous::unusable) {
  facts.failed = kind;
  facts.previous = previous;
  return facts;
}

Facts replaced(Facts facts) {
  facts.replaced = true;
  return facts;
}

void check(const std::vector<Row>& rows) {
  for (const auto& [phase, facts, action] : rows) {
    CAPTURE(phase ? to_string(*phase) : "no renewal", facts.activated_here, facts.replaced,
            static_cast<int>(facts.previous));
    const auto record = phase ? std::optional(JournalEntry{.phase = *phase}) : std::nullopt;
    CHECK(next(record, facts) == action);
  }
}

}  // namespace

TEST_CASE("a renewal without failures goes from phase to phase") {
  check({{std::nullopt, kFound, Action::request},
         {Phase::requested, kFound, Action::request},
         {Phase::answered, kFound, Action::install},
         {Phase::accepted, kFound, Action::install},
         {Phase::installed, kFound, Action::activate},
         {Phase::activated, kActivatedHere, Action::verify},
         {Phase::activated, kFound, Action::verify},
         {Phase::verified, kActivatedHere, Action::finish},
         {Phase::verified, kFound, Action::finish}});
}

TEST_CASE("a gateway that does not run with the new keystore gets the previous one, where that is usable") {
  for (const auto phase : {Phase::installed, Phase::activated}) {
    check({{phase, failed(kActivatedHere, ErrorKind::gateway, Previous::usable), Action::roll_back},
           {phase, failed(kActivatedHere, ErrorKind::gateway, Previous::newer), Action::roll_back},
           {phase, failed(kActivatedHere, ErrorKind::gateway, Previous::unusable), Action::retry_later}});
  }
}

TEST_CASE("a gateway that an earlier process activated is activated again before anything is rolled back") {
  check({{Phase::activated, failed(kFound, ErrorKind::gateway, Previous::usable), Action::activate_again},
         {Phase::activated, failed(kFound, ErrorKind::gateway, Previous::unusable), Action::activate_again}});
}

TEST_CASE("only a gateway that refuses is a reason to roll back") {
  for (const auto phase : {Phase::installed, Phase::activated}) {
    for (const auto kind : {ErrorKind::cancelled, ErrorKind::disk, ErrorKind::timeout}) {
      check({{phase, failed(kActivatedHere, kind, Previous::usable), Action::stop},
             {phase, failed(kFound, kind, Previous::usable), Action::stop}});
    }
  }
}

TEST_CASE("a keystore that was replaced externally stays, whatever the outcome at the gateway") {
  for (const auto phase : {Phase::installed, Phase::activated, Phase::verified, Phase::rolling_back}) {
    check({{phase, replaced(kActivatedHere), Action::yield},
           {phase, replaced(failed(kActivatedHere, ErrorKind::gateway, Previous::usable)), Action::yield},
           {phase, replaced(failed(kActivatedHere, ErrorKind::cancelled)), Action::yield}});
  }
  // Before the replacement, the gate compares the answer with the installed keystore.
  check({{Phase::answered, replaced(kFound), Action::install}, {Phase::accepted, replaced(kFound), Action::install}});
}

TEST_CASE("an interrupted roll-back is resumed as long as the previous keystore is usable") {
  check({{Phase::rolling_back, {.previous = Previous::usable}, Action::roll_back},
         {Phase::rolling_back, {.previous = Previous::newer}, Action::restore_chosen},
         {Phase::rolling_back, {.previous = Previous::unusable}, Action::go_forward}});
}

namespace {

struct Found {
  std::optional<Phase> phase;
  bool answer_is_stored;
  bool replaced;
  Start start;
  int rolled_back = 0;
};

}  // namespace

TEST_CASE("an unfinished renewal is resumed where there is something to resume") {
  const std::vector<Found> rows = {
      {std::nullopt, false, false, Start::new_renewal},
      {Phase::requested, false, false, Start::new_renewal},
      {Phase::answered, true, false, Start::resume},
      {Phase::answered, false, false, Start::new_renewal},
      {Phase::accepted, true, false, Start::resume},
      {Phase::accepted, false, false, Start::new_renewal},
      // The gate compares the answer with the installed keystore.
      {Phase::answered, true, true, Start::resume},
      {Phase::accepted, true, true, Start::resume},
      {Phase::answered, true, false, Start::resume, kRollbacksPerAnswer - 1},
      {Phase::answered, true, false, Start::give_up_answer, kRollbacksPerAnswer},
      {Phase::answered, false, false, Start::new_renewal, kRollbacksPerAnswer},
      // From here on the answer is not needed: the keystore is in place, or leaves it.
      {Phase::installed, false, false, Start::resume},
      {Phase::activated, false, false, Start::resume},
      {Phase::verified, false, false, Start::resume},
      {Phase::rolling_back, false, false, Start::resume},
      {Phase::rolling_back, true, false, Start::resume, kRollbacksPerAnswer},
      {Phase::installed, true, true, Start::adapt},
      {Phase::activated, false, true, Start::adapt},
      {Phase::verified, true, true, Start::adapt},
      {Phase::rolling_back, false, true, Start::adapt},
  };
  for (const auto& [phase, answer_is_stored, replaced, start, rolled_back] : rows) {
    CAPTURE(phase ? to_string(*phase) : "no renewal", answer_is_stored, replaced, rolled_back);
    const auto record = phase ? std::optional(JournalEntry{.phase = *phase, .rolled_back = rolled_back}) : std::nullopt;
    CHECK(start_of(record, answer_is_stored, replaced) == start);
  }
}
