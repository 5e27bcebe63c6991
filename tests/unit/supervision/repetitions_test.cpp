#include "supervision/repetitions.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kNow{1'700'000'000s};
}

TEST_CASE("a repeated message is logged now and then, with its number of occurrences") {
  Repetitions repetitions(12h);
  CHECK(repetitions.occurred(EventName::certificate_unreadable, "damaged", kNow) == 1);
  CHECK_FALSE(repetitions.occurred(EventName::certificate_unreadable, "damaged", kNow + 1h));
  CHECK_FALSE(repetitions.occurred(EventName::certificate_unreadable, "damaged", kNow + 2h));
  CHECK(repetitions.occurred(EventName::certificate_unreadable, "damaged", kNow + 12h) == 3);
}

TEST_CASE("a new message, and one that comes back after a fix, are logged at once") {
  Repetitions repetitions(12h);
  CHECK(repetitions.occurred(EventName::token_unusable, "expired", kNow) == 1);
  CHECK(repetitions.occurred(EventName::token_unusable, "missing", kNow + 1h) == 1);
  CHECK_FALSE(repetitions.occurred(EventName::token_unusable, "expired", kNow + 1h));
  repetitions.forget(EventName::token_unusable);
  CHECK(repetitions.occurred(EventName::token_unusable, "missing", kNow + 1h) == 1);
}

TEST_CASE("a clock that is set back does not suppress messages") {
  Repetitions repetitions(12h);
  CHECK(repetitions.occurred(EventName::token_unusable, "expired", kNow) == 1);
  CHECK(repetitions.occurred(EventName::token_unusable, "expired", kNow - 24h) == 1);
}
