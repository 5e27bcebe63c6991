#include "support/reliability_document.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

std::string pace_of(const std::string& failure_class) {
  std::istringstream lines(read_file(std::string(DOCUMENTS) + "/events.md"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `" + failure_class + "` | ") &&
        (line.ends_with("| soon |") || line.ends_with("| slowly |"))) {
      return line.ends_with("| soon |") ? "soon" : "slowly";
    }
  }
  throw std::runtime_error("docs/events.md has no class " + failure_class);
}

void check_document(const std::string& begin, const std::string& end, const std::string& table) {
  const std::string path = std::string(DOCUMENTS) + "/reliability.md";
  const std::string document = read_file(path);
  const auto from = document.find(begin + "\n");
  const auto to = document.find(end + "\n");
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const auto start = from + begin.size() + 1;
  if (std::getenv("RENEWD_REWRITE_GOLDEN") != nullptr) {
    write_file(path, document.substr(0, start) + table + document.substr(to));
    FAIL_CHECK(path << " was rewritten: look at the difference, and run the test without RENEWD_REWRITE_GOLDEN");
    return;
  }
  CHECK(document.substr(start, to - start) == table);
}

}  // namespace renewd::testing
