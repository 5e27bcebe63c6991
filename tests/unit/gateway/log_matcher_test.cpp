#include "gateway/log_matcher.hpp"

#include <vector>

#include "support/catch.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using namespace std::chrono_literals;

constexpr LogMatcher::TimePoint kBegin{};

Pattern pattern(const char* text) {
  return Pattern::compile(text).value();
}

enum class Expected { passed, not_yet, failed };

// The result after these lines, each read at its second. The message must contain the log's name and `quoted`.
struct Case {
  std::vector<std::pair<std::chrono::seconds, const char*>> lines;
  std::chrono::seconds checked_at;
  Expected expected;
  std::string quoted;
};

void check(const LogMatcher& matcher, const std::vector<Case>& cases) {
  for (const auto& [lines, checked_at, expected, quoted] : cases) {
    CAPTURE(lines.size(), checked_at.count(), quoted);
    LogMatcher fed = matcher;
    for (const auto& [at, line] : lines) {
      fed.add(line, kBegin + at);
    }
    const auto result = fed.result(kBegin + checked_at, "gateway.log");
    CHECK_THAT(result ? result->message : result.error().message,
               ContainsSubstring("gateway.log") && ContainsSubstring(quoted));
    if (!result) {
      CHECK(result.error().kind == ErrorKind::gateway);
    }
    CHECK(expected == (!result                              ? Expected::failed
                       : result->verdict == Verdict::passed ? Expected::passed
                                                            : Expected::not_yet));
  }
}

}  // namespace

using enum Expected;

TEST_CASE("with `ready` alone, a matching line is required") {
  check({pattern("is ready"), std::nullopt},
        {{{}, 0s, not_yet, "is ready"},
         {{{1s, "starting"}, {2s, "failed"}}, 999s, not_yet, ""},
         {{{1s, "12:00 it is ready"}}, 1s, passed, "12:00 it is ready"},
         {{{1s, "it is ready"}, {2s, "something else"}}, 2s, passed, "it is ready"}});
}

TEST_CASE("with `failed` alone, the gateway is healthy until a line matches") {
  check({std::nullopt, pattern("Unable|refused")},
        {{{}, 0s, passed, "Unable|refused"},
         {{{1s, "starting"}}, 1s, passed, ""},
         {{{1s, "Unable to\tconnect\x1b[0m"}}, 1s, failed, "Unable to connect\\x1b[0m"},
         {{{1s, "Unable"}, {2s, "refused"}, {3s, "fine"}}, 3s, failed, "refused"}});
}

TEST_CASE("with both, a failure has a second chance, and the newest matching line counts") {
  check({pattern("ready"), pattern("not ready|Unable")},
        {{{}, 99s, not_yet, ""},
         {{{1s, "Unable"}}, 10s, not_yet, "Unable"},
         {{{1s, "Unable"}}, 11s, failed, ""},
         {{{1s, "Unable"}, {10s, "ready"}}, 99s, passed, "ready"},
         {{{1s, "ready"}, {2s, "Unable"}}, 3s, not_yet, "Unable"},
         {{{1s, "ready"}, {2s, "Unable"}}, 12s, failed, ""},
         // Repeated failures do not begin the second chance again.
         {{{1s, "Unable"}, {6s, "Unable"}, {11s, "Unable 3"}}, 11s, failed, "Unable 3"},
         {{{1s, "Unable"}, {6s, "ready"}, {11s, "Unable"}}, 12s, not_yet, ""},
         // Matches both patterns.
         {{{1s, "not ready"}}, 1s, not_yet, ""}});
}

TEST_CASE("a long line is quoted in part") {
  LogMatcher matcher(pattern("ready"), std::nullopt);
  matcher.add("ready" + std::string(8000, 'x'), kBegin);
  CHECK(matcher.result(kBegin, "gateway.log")->message.size() < 300);
}

TEST_CASE("a line that repeats one of our secrets is quoted without it") {
  Redaction redacted;
  redacted.hide("keystore password", Secret("gr8-pass"));
  check({pattern("ready"), pattern("Unable"), redacted},
        {{{{1s, "ready with gr8-pass"}}, 1s, passed, "ready with [keystore password]"},
         {{{1s, "Unable: gr8-pass"}}, 1s, not_yet, "Unable: [keystore password]"},
         {{{1s, "Unable: gr8-pass"}}, 999s, failed, "Unable: [keystore pass"}});
}
