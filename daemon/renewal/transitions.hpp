// What comes next in a renewal, as one pure table whose rows can be read and tested one by one. Obtain performs
// `request`, Deploy the other actions.
#pragma once

#include <optional>

#include "core/error.hpp"
#include "state/journal.hpp"

namespace renewd::renewal {

// How often an answer is tried with which the gateway does not come up, before another one is requested.
inline constexpr int kRollbacksPerAnswer = 3;

// What a run does with the record that it finds.
enum class Start {
  new_renewal,     // there is nothing to resume; drop the record, if any
  give_up_answer,  // it was rolled back too often
  adapt,           // to a keystore that was installed externally
  resume,
};
Start start_of(const std::optional<state::JournalEntry>& record, bool answer_is_stored, bool replaced);

// The previous keystore, which a roll-back would install.
enum class Previous {
  unusable,  // missing, expired, or gateway.rollback is false
  usable,
  newer,  // it is valid for longer than the installed one: an operator chose it
};

// What is known besides the record.
struct Facts {
  // This process began the activation. Otherwise an earlier one did, and ended before the result: an unhealthy gateway
  // may then still be starting with the host, or its log may contain an earlier failed start.
  bool activated_here = false;
  // Why the last step at the gateway failed, if it did. `gateway`: the gateway does not run with the keystore.
  std::optional<ErrorKind> failed = std::nullopt;
  // The installed keystore is not the one of this renewal: it was replaced externally.
  bool replaced = false;
  Previous previous = Previous::unusable;
};

enum class Action {
  request,         // request a certificate, and store the answer
  install,         // judge the stored answer, and replace the keystore
  activate,        // make the gateway use the new keystore
  verify,          // check that the gateway runs with it
  activate_again,  // return to `installed`: the gateway may have been starting when it was verified
  finish,          // close the renewal
  roll_back,       // restore the previous keystore, and try the answer again later
  restore_chosen,  // install the keystore that an operator chose, and end the renewal
  go_forward,      // the previous keystore has become unusable: install the answer again
  yield,           // leave the external keystore in place, and re-evaluate
  retry_later,     // leave the new keystore in place; the next run activates it again
  stop,            // the next run repeats the step that failed
};

// Without a record, no renewal has begun.
Action next(const std::optional<state::JournalEntry>& record, const Facts& facts);

}  // namespace renewd::renewal
