#include "supervision/progress.hpp"

namespace renewd::supervision {
namespace {

using Monotonic = boost::asio::steady_timer::clock_type;
// A sleep may end late by as much.
constexpr std::chrono::minutes kLateForWaking{1};

}  // namespace

void Progress::expect_within(std::chrono::seconds time) {
  expect_nothing();
  working_until_ = Monotonic::now() + time;
}

void Progress::expect_at(TimePoint time) {
  expect_nothing();
  asleep_until_ = time;
}

void Progress::expect_nothing() {
  working_until_.reset();
  asleep_until_.reset();
}

bool Progress::is_stuck(const Clock& clock) const {
  return (working_until_ && *working_until_ < Monotonic::now()) ||
         (asleep_until_ && *asleep_until_ + kLateForWaking < clock.now());
}

}  // namespace renewd::supervision
