// The table of proxies and networks in docs/reliability.md is written from the one that the cells are checked against.

#include "network/cells.hpp"
#include "support/catch.hpp"
#include "support/reliability_document.hpp"

using namespace renewd::testing;

namespace {

std::string reaction(const Cell& cell) {
  if (cell.runner == Runner::stopped_daemon) {
    return "still serves its page, and ends at SIGTERM";
  }
  if (cell.failure_class.empty()) {
    return "installs the answer; one request";
  }
  return "keeps the keystore; retries " + pace_of(cell.failure_class) +
         (cell.runner == Runner::daemon ? ", and renews by itself once the interface is back" : "");
}

std::string words(const Cell& cell) {
  if (cell.message.empty()) {
    return "–";
  }
  return cell.message + (cell.advice.empty() ? "" : ". Advice: " + cell.advice);
}

std::string table() {
  std::string text = "| proxy or network | class | what the daemon says | what it does |\n|---|---|---|---|\n";
  for (const Cell& cell : cells()) {
    const std::string failure_class = cell.failure_class.empty() ? "–" : "`" + cell.failure_class + "`";
    text += "| " + cell.what + " | " + failure_class + " | " + words(cell) + " | " + reaction(cell) + " |\n";
  }
  return text;
}

}  // namespace

TEST_CASE("docs/reliability.md has the proxies and networks as they are tested") {
  check_document("<!-- the table of tests/network -->", "<!-- the end of the networks -->", table());
}
