// Text compared with a file of golden/, byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace renewd::testing {

// Fails the test when the file differs. With RENEWD_REWRITE_GOLDEN=1 the file is written anew, and the test fails all
// the same: look at the difference (git diff), and run it again without.
void check_golden(const std::string& file, std::string_view text);

}  // namespace renewd::testing
