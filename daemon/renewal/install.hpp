// Replacing the installed keystore with the one from the stored answer.
#pragma once

#include <optional>

#include "renewal/context.hpp"
#include "renewal/gate.hpp"

namespace renewd::renewal {

struct Replaced {
  Record record;
  certificate::Certificate certificate;  // that is installed now
};

// Judges the answer against the keystore as it is now, unless `judged` still holds, stores the previous keystore as a
// generation and replaces it. Errors: bad_answer, busy, disk.
Result<Replaced> install(Workspace& work, Gate& gate, Record record, std::optional<Judged> judged);

}  // namespace renewd::renewal
