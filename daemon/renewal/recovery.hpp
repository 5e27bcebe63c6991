// Resuming a renewal after a crash, or after the keystore was replaced externally.
#pragma once

#include <chrono>
#include <optional>

#include "renewal/context.hpp"

namespace renewd::renewal {

// The renewal that a crash or a failure left unfinished, if any. If the keystore was replaced externally, the renewal
// is adapted or ended; a damaged journal is moved aside. Both are logged. The caller holds the certificate's lock.
// Error kind: disk.
Result<std::optional<Record>> load_unfinished(Workspace& work);

// Whether the installed keystore is not that of this renewal. Logs it.
bool was_replaced_externally(Workspace& work, const Record& record);

// Starts again from the stored answer, against the external keystore; without an answer, see hand_over().
Result<std::optional<Record>> adapt(Workspace& work, Record record);

// Ends a renewal whose answer cannot be used; the installed keystore stays. A gateway that was activated with the
// renewed keystore is activated again with the installed one, since the renewed one may have brought it down.
Result<std::optional<Record>> hand_over(Workspace& work, const Record& record);

// When the certificate expires that the gateway still uses while another one is installed: the recorded one, else that
// of the previous keystore, if either is known.
std::optional<std::chrono::sys_seconds> in_use_until(const Workspace& work, const Record& record);

}  // namespace renewd::renewal
