// Resuming a renewal after a crash, or after the keystore was replaced externally: what the journal says, as far as it
// is still true.
#pragma once

#include <chrono>
#include <optional>

#include "renewal/context.hpp"

namespace renewd::renewal {

// The renewal that a crash or a failure left unfinished; nothing when there is none. One whose keystore was replaced
// externally is adapted to that one, or over; a damaged journal is set aside. Both are logged. The caller holds the
// certificate's lock. Error kind: disk.
Result<std::optional<Record>> load_unfinished(Workspace& work);

// Whether what is installed is not this renewal's keystore; it then stays. Logs it.
bool was_replaced_externally(Workspace& work, const Record& record);

// The renewal checked again against that keystore: from the stored answer; without one as hand_over() says.
Result<std::optional<Record>> adapt(Workspace& work, Record record);

// Ends a renewal whose answer is of no use. What is installed stays; a gateway that was activated with the renewed
// keystore is activated with the installed one, since the renewed one may have stopped it.
Result<std::optional<Record>> hand_over(Workspace& work, const Record& record);

// When the certificate expires that the gateway still uses while another one is installed: as recorded, else that of
// the previous keystore. Nothing when neither is known.
std::optional<std::chrono::sys_seconds> in_use_until(const Workspace& work, const Record& record);

}  // namespace renewd::renewal
