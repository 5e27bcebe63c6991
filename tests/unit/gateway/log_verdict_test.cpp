#include "gateway/log_verdict.hpp"

#include <vector>

#include "support/catch.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using namespace std::chrono_literals;
using Verdict = Watch::Verdict;

constexpr LogVerdict::TimePoint kBegin{};

Pattern pattern(const char* text) {
  return Pattern::compile(text).value();
}

// "passed", "not yet" or "failed", after these lines, each seen at its second, and looked at then.
struct Case {
  std::vector<std::pair<std::chrono::seconds, const char*>> lines;
  std::chrono::seconds looked_at;
  std::string expected;
};

std::string judge(LogVerdict verdict, const Case& test) {
  for (const auto& [at, line] : test.lines) {
    verdict.add(line, kBegin + at);
  }
  const auto look = verdict.at(kBegin + test.looked_at, "gateway.log");
  if (!look) {
    CHECK(look.error().kind == ErrorKind::gateway);
    return "failed: " + look.error().message;
  }
  return (look->verdict == Verdict::passed ? "passed: " : "not yet: ") + look->message;
}

void check(const LogVerdict& verdict, const std::vector<Case>& cases) {
  for (const auto& test : cases) {
    CAPTURE(test.expected, test.looked_at.count(), test.lines.size());
    CHECK_THAT(judge(verdict, test), StartsWith(test.expected));
  }
}

}  // namespace

TEST_CASE("with `ready` alone, a matching line is waited for") {
  check({pattern("is ready"), std::nullopt},
        {{{}, 0s, "not yet: gateway.log has no line yet that matches is ready"},
         {{{1s, "starting"}, {2s, "failed"}}, 999s, "not yet: "},
         {{{1s, "12:00 it is ready"}}, 1s, "passed: gateway.log says: 12:00 it is ready"},
         {{{1s, "it is ready"}, {2s, "something else"}}, 2s, "passed: gateway.log says: it is ready"}});
}

TEST_CASE("with `failed` alone, the log is good until such a line") {
  check({std::nullopt, pattern("Unable|refused")},
        {{{}, 0s, "passed: gateway.log has no line that matches Unable|refused"},
         {{{1s, "starting"}}, 1s, "passed: "},
         {{{1s, "Unable to\tconnect\x1b[0m"}},
          1s,
          "failed: verifying the gateway: gateway.log says: Unable to connect\\x1b[0m"},
         {{{1s, "Unable"}, {2s, "refused"}, {3s, "fine"}},
          3s,
          "failed: verifying the gateway: gateway.log says: refused"}});
}

TEST_CASE("with both, a failure has a second chance, and the newest matching line counts") {
  check({pattern("ready"), pattern("not ready|Unable")},
        {{{}, 99s, "not yet: "},
         {{{1s, "Unable"}}, 10s, "not yet: gateway.log says: Unable"},
         {{{1s, "Unable"}}, 11s, "failed: "},
         {{{1s, "Unable"}, {10s, "ready"}}, 99s, "passed: gateway.log says: ready"},
         {{{1s, "ready"}, {2s, "Unable"}}, 3s, "not yet: gateway.log says: Unable"},
         {{{1s, "ready"}, {2s, "Unable"}}, 12s, "failed: "},
         // Trying again and again is no progress.
         {{{1s, "Unable"}, {6s, "Unable"}, {11s, "Unable 3"}},
          11s,
          "failed: verifying the gateway: gateway.log says: Unable 3"},
         {{{1s, "Unable"}, {6s, "ready"}, {11s, "Unable"}}, 12s, "not yet: "},
         // A line that matches both.
         {{{1s, "not ready"}}, 1s, "not yet: "}});
}

TEST_CASE("a long line is quoted in part") {
  const auto message = judge({pattern("ready"), std::nullopt}, {{}, 0s, ""});
  CHECK(message.size() < 300);
  LogVerdict verdict(pattern("ready"), std::nullopt);
  verdict.add("ready" + std::string(8000, 'x'), kBegin);
  CHECK(verdict.at(kBegin, "gateway.log")->message.size() < 300);
}

TEST_CASE("a line that repeats a secret of ours is quoted without it") {
  Redaction redacted;
  redacted.hide("keystore password", Secret("gr8-pass"));
  check(
      {pattern("ready"), pattern("Unable"), redacted},
      {{{{1s, "ready with gr8-pass"}}, 1s, "passed: gateway.log says: ready with [keystore password]"},
       {{{1s, "Unable: gr8-pass"}}, 1s, "not yet: gateway.log says: Unable: [keystore password]"},
       {{{1s, "Unable: gr8-pass"}}, 999s, "failed: verifying the gateway: gateway.log says: Unable: [keystore pass"}});
}
