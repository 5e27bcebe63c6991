#include "gateway/verification.hpp"

#include <deque>

#include "support/catch.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

const CheckResult kHealthy{Verdict::passed, "healthy"};

// Returns these results in turn, the last one for ever.
class ScriptedAction final : public Action {
 public:
  explicit ScriptedAction(std::deque<Result<CheckResult>> results) : results_(std::move(results)) {}

  std::string description() const override { return "scripted"; }
  boost::asio::awaitable<Result<Units>> units() override { co_return Units(); }
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot) override {
    co_return Activation{Use::in_use, ""};
  }
  bool acted() const override { return true; }
  boost::asio::awaitable<Result<std::string>> rehearse() override { co_return std::string(); }
  bool can_check(const GatewaySnapshot&) const override { return true; }
  boost::asio::awaitable<Result<CheckResult>> check(GatewaySnapshot) override {
    const Result<CheckResult> result = results_.front();
    if (results_.size() > 1) {
      results_.pop_front();
    }
    co_return result;
  }

 private:
  std::deque<Result<CheckResult>> results_;
};

// Records the deadline of each check.
class DeadlineProbe final : public Probe {
 public:
  explicit DeadlineProbe(std::vector<steady_clock::time_point>& deadlines) : deadlines_(deadlines) {}

  boost::asio::awaitable<Result<std::unique_ptr<ProbeSession>>> begin(GatewaySnapshot) override {
    co_return std::make_unique<Session>(deadlines_);
  }
  boost::asio::awaitable<Result<std::string>> rehearse() override { co_return std::string(); }

 private:
  struct Session final : ProbeSession {
    explicit Session(std::vector<steady_clock::time_point>& recorded) : deadlines(recorded) {}
    boost::asio::awaitable<Result<CheckResult>> check(steady_clock::time_point deadline) override {
      deadlines.push_back(deadline);
      co_return kHealthy;
    }
    std::vector<steady_clock::time_point>& deadlines;
  };
  std::vector<steady_clock::time_point>& deadlines_;
};

Result<Activation> verify(std::deque<Result<CheckResult>> results, std::chrono::seconds timeout,
                          const Probes& probes = {}) {
  gateway::testing::Loop loop;
  ScriptedAction action(std::move(results));
  return loop.finish(gateway::verify(action, probes, {}, timeout));
}

}  // namespace

TEST_CASE("an external restart during the verification begins its timeout again") {
  std::vector<steady_clock::time_point> deadlines;
  Probes probes;
  probes.push_back(std::make_unique<DeadlineProbe>(deadlines));
  CHECK(verify({kHealthy, CheckResult{Verdict::restarting, "restarted externally"}, kHealthy}, 24s, probes));
  REQUIRE(deadlines.size() >= 2);
  CHECK(deadlines.at(1) > deadlines.at(0));
  CHECK(deadlines.at(1) == deadlines.back());
}

TEST_CASE("a gateway that is restarted externally again and again is given up") {
  const auto verified = verify({CheckResult{Verdict::restarting, "restarting"}}, 1s);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::gateway);
}

TEST_CASE("a gateway whose state could not be read does not count as unhealthy") {
  const Result<CheckResult> unreadable = failure(ErrorKind::disk, "no reply in time");
  const auto verified = verify({unreadable}, 1s);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::disk);
  CHECK(verify({unreadable, kHealthy}, 24s));
}
