// What comes next in a renewal, as one table: pure, so that each row can be read and tested by itself. Renewal does it.
#pragma once

#include <optional>

#include "core/error.hpp"
#include "installation/journal.hpp"

namespace renewd::renewal {

// How often an answer that the gateway did not come up with is tried before the cloud is asked anew.
inline constexpr int kRollbacksPerAnswer = 3;

// What a run does with the record that it finds.
enum class Start {
  afresh,          // there is nothing to resume: the record, if any, is of no use
  give_up_answer,  // the gateway did not come up with it often enough
  adapt,           // to the keystore that somebody else has put in the place of ours
  resume,
};
Start start_of(const std::optional<installation::JournalEntry>& record, bool answer_is_stored, bool replaced);

// The keystore from before the renewal.
enum class Previous {
  unusable,  // missing, expired, or not wanted back
  usable,
  newer,  // it lasts longer than the one that it replaces: an operator chose it
};

// What is known besides the record, as of now.
struct Facts {
  // This process has told the gateway. Else, what the record says of that was an earlier process's doing, and nobody
  // saw what came of it.
  bool told = false;
  // Why the last step at the gateway failed, if it did. `gateway`: the gateway does not run with the keystore.
  std::optional<ErrorKind> failed = std::nullopt;
  // Somebody else has put another keystore in the place of ours.
  bool replaced = false;
  Previous previous = Previous::unusable;
};

enum class Action {
  request,         // ask the cloud, and store its answer
  install,         // judge the stored answer, and replace the keystore
  activate,        // make the gateway use the new keystore
  verify,          // see that the gateway runs with it
  activate_again,  // back to `installed`: the gateway may have been starting when it was looked at
  finish,          // close the renewal
  roll_back,       // put the previous keystore back, and try the answer again later
  restore_chosen,  // put back the keystore that an operator chose, and end there
  go_forward,      // the previous keystore is of no use any more: install the answer again
  yield,           // to the keystore that is there
  retry_later,     // leave the new keystore in place; the next run activates it again
  stop,            // the next run repeats the step that failed
};

// Without a record, the renewal has not begun.
Action next(const std::optional<installation::JournalEntry>& record, const Facts& facts);

}  // namespace renewd::renewal
