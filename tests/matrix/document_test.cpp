// The table of the matrix in docs/reliability.md is written from the one that the cells are checked against.

#include <cstdlib>
#include <map>
#include <sstream>

#include "matrix/cell.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd::testing;

namespace {

constexpr std::string_view kBegin = "<!-- the table of tests/matrix -->\n";
constexpr std::string_view kEnd = "<!-- the end of the matrix -->\n";

// From docs/events.md, which another test compares with the code: "soon" or "slowly".
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

std::string reaction(const Fault& fault) {
  if (fault.failure_class.empty()) {
    return "installs the answer; no second request";
  }
  return "keeps the keystore; retries " + pace_of(fault.failure_class);
}

std::string class_of(const Fault& fault) {
  if (fault.failure_class.empty()) {
    return "–";
  }
  const std::string other = fault.class_through_proxy;
  const std::string or_class = fault.other_class.empty() ? "" : " or `" + fault.other_class + "`";
  return "`" + fault.failure_class + "`" + or_class + (other.empty() ? "" : ", through the proxy `" + other + "`");
}

std::string table() {
  std::string text =
      "| fault | the simulator's `--fault` | class | what the daemon does | cells |\n|---|---|---|---|---|\n";
  std::size_t cells = 0;
  for (std::size_t i = 0; i < faults().size(); ++i) {
    const Fault& fault = faults()[i];
    const std::size_t count = cells_of(i).size();
    cells += count;
    text += "| " + fault.what + " | `" + fault.name + "` | " + class_of(fault) + " | " + reaction(fault) + " | " +
            std::to_string(count) + " |\n";
  }
  return text + "| " + std::to_string(faults().size()) + " faults | | | | " + std::to_string(cells) + " |\n";
}

}  // namespace

TEST_CASE("docs/reliability.md has the fault matrix as it is tested") {
  const std::string path = std::string(DOCUMENTS) + "/reliability.md";
  const std::string document = read_file(path);
  const auto begin = document.find(kBegin);
  const auto end = document.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto from = begin + kBegin.size();
  if (std::getenv("RENEWD_REWRITE_GOLDEN") != nullptr) {
    write_file(path, document.substr(0, from) + table() + document.substr(end));
    FAIL_CHECK(path << " was rewritten: look at the difference, and run the test without RENEWD_REWRITE_GOLDEN");
    return;
  }
  CHECK(document.substr(from, end - from) == table());
}
