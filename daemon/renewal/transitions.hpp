// What comes next in a renewal, as one table: pure, so that each row can be read and tested by itself. Renewal does it.
#pragma once

#include <optional>

#include "core/error.hpp"
#include "installation/journal.hpp"

namespace renewd::renewal {

// How often an answer that the gateway did not come up with is tried before the next request.
inline constexpr int kRollbacksPerAnswer = 3;

// What a run does with the record that it finds.
enum class Start {
  afresh,          // there is nothing to resume: the record, if any, is of no use
  give_up_answer,  // it was rolled back too often
  adapt,           // to the keystore that has replaced ours
  resume,
};
Start start_of(const std::optional<installation::JournalEntry>& record, bool answer_is_stored, bool replaced);

// The keystore from before the renewal, where a roll-back is asked about.
enum class Previous {
  unusable,  // missing, expired, or not wanted back
  usable,
  newer,  // it lasts longer than the one that it replaces: an operator chose it
};

// What is known besides the record, as of now.
struct Facts {
  // This process has activated the gateway from the beginning. Else an earlier process began to, and did not live to
  // see the result: a gateway that is unhealthy then may be starting with the whole host, or its log may hold an
  // earlier failed start.
  bool activated_here = false;
  // Why the last step at the gateway failed, if it did. `gateway`: the gateway does not run with the keystore.
  std::optional<ErrorKind> failed = std::nullopt;
  // The keystore was replaced externally: what is on the disk is not this renewal's.
  bool replaced = false;
  Previous previous = Previous::unusable;
};

enum class Action {
  request,         // request a certificate, and store the answer
  install,         // judge the stored answer, and replace the keystore
  activate,        // make the gateway use the new keystore
  verify,          // see that the gateway runs with it
  activate_again,  // return to `installed`: the gateway may have been starting when it was verified
  finish,          // close the renewal
  roll_back,       // put the previous keystore back, and try the answer again later
  restore_chosen,  // install the keystore that an operator chose, and end there
  go_forward,      // the previous keystore has become unusable: install the answer again
  yield,           // leave the external keystore in place, and re-evaluate
  retry_later,     // leave the new keystore in place; the next run activates it again
  stop,            // the next run repeats the step that failed
};

// Without a record, the renewal has not begun.
Action next(const std::optional<installation::JournalEntry>& record, const Facts& facts);

}  // namespace renewd::renewal
