// Compares text with a file in golden/, byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace renewd::testing {

// Fails the test if the file differs. With RENEWD_REWRITE_GOLDEN=1 it also rewrites the file: review the difference
// (git diff), and run the test again without.
void check_golden(const std::string& file, std::string_view text);

}  // namespace renewd::testing
