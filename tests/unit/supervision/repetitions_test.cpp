#include "supervision/repetitions.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kNow{1'700'000'000s};
}

TEST_CASE("the same words are said once in a while, with how often they were seen") {
  Repetitions repetitions(12h);
  CHECK(repetitions.seen(EventName::certificate_unreadable, "damaged", kNow) == 1);
  CHECK_FALSE(repetitions.seen(EventName::certificate_unreadable, "damaged", kNow + 1h));
  CHECK_FALSE(repetitions.seen(EventName::certificate_unreadable, "damaged", kNow + 2h));
  CHECK(repetitions.seen(EventName::certificate_unreadable, "damaged", kNow + 12h) == 3);
}

TEST_CASE("other words, and what comes back after it was mended, are said at once") {
  Repetitions repetitions(12h);
  CHECK(repetitions.seen(EventName::token_unusable, "expired", kNow) == 1);
  CHECK(repetitions.seen(EventName::token_unusable, "gone", kNow + 1h) == 1);
  CHECK_FALSE(repetitions.seen(EventName::token_unusable, "expired", kNow + 1h));
  repetitions.forget(EventName::token_unusable);
  CHECK(repetitions.seen(EventName::token_unusable, "gone", kNow + 1h) == 1);
}

TEST_CASE("a clock that is set back does not silence anybody") {
  Repetitions repetitions(12h);
  CHECK(repetitions.seen(EventName::token_unusable, "expired", kNow) == 1);
  CHECK(repetitions.seen(EventName::token_unusable, "expired", kNow - 24h) == 1);
}
