#include "golden.hpp"

#include <cstdlib>
#include <filesystem>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

void check_golden(const std::string& file, std::string_view text) {
  const std::filesystem::path path = std::filesystem::path(GOLDEN_FILES) / file;
  if (std::getenv("RENEWD_REWRITE_GOLDEN") != nullptr) {
    write_file(path, std::string(text));
    FAIL_CHECK(path.string() << " was rewritten: look at the difference, and run the test without "
                                "RENEWD_REWRITE_GOLDEN");
    return;
  }
  INFO("a change that is meant: RENEWD_REWRITE_GOLDEN=1 build/dev/bin/commands_test, then look at git diff");
  INFO(path.string());
  const std::string expected = std::filesystem::exists(path) ? read_file(path) : "";
  CHECK(std::string(text) == expected);
}

}  // namespace renewd::testing
