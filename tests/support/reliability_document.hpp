// The tables of docs/reliability.md that are written from those that the tests check.
#pragma once

#include <string>

namespace renewd::testing {

// How soon the daemon retries after a failure of this class, from docs/events.md, which another test compares with the
// code: "soon" or "slowly".
std::string pace_of(const std::string& failure_class);

// Fails the test if docs/reliability.md does not have `table` between two lines. With RENEWD_REWRITE_GOLDEN in the
// environment it writes the table there first.
void check_document(const std::string& begin, const std::string& end, const std::string& table);

}  // namespace renewd::testing
