#include "commands/terminal_log.hpp"

#include "support/catch.hpp"

using namespace renewd::commands;

TEST_CASE("lines for a terminal wrap between words") {
  CHECK(hanging("a short line\n", 60) == "a short line\n");
  CHECK(hanging("production: a new certificate would be requested\n", 25) ==
        "production: a new\n    certificate would be\n    requested\n");
}

TEST_CASE("a word that is longer than the terminal is wide stays whole") {
  CHECK(hanging("POST https://eu.cloud.gravitee.io/management/accounts failed", 20) ==
        "POST\n    https://eu.cloud.gravitee.io/management/accounts\n    failed\n");
}

TEST_CASE("columns stay aligned, and colours take no room") {
  CHECK(hanging("production: keystore     ok: x", 60) == "production: keystore     ok: x\n");
  CHECK(hanging("\033[32minfo\033[0m   message", 14) == "\033[32minfo\033[0m   message\n");
}
