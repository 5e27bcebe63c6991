// The table of the matrix in docs/reliability.md is written from the one that the cells are checked against.

#include "matrix/cell.hpp"
#include "support/catch.hpp"
#include "support/reliability_document.hpp"

using namespace renewd::testing;

namespace {

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
  check_document("<!-- the table of tests/matrix -->", "<!-- the end of the matrix -->", table());
}
