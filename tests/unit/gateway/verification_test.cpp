#include "gateway/verification.hpp"

#include <deque>

#include "support/catch.hpp"
#include "unit/gateway/running.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

const Look kWell{Verdict::passed, "it is well"};

// Its looks as the test says, the last one for ever.
class SeenAction final : public Action {
 public:
  explicit SeenAction(std::deque<Result<Look>> looks) : looks_(std::move(looks)) {}

  std::string description() const override { return "seen"; }
  boost::asio::awaitable<Result<Units>> units() override { co_return Units(); }
  boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot) override {
    co_return Activation{Use::in_use, ""};
  }
  bool acted() const override { return true; }
  boost::asio::awaitable<Result<std::string>> rehearse() override { co_return std::string(); }
  bool watches(const GatewaySnapshot&) const override { return true; }
  boost::asio::awaitable<Result<Look>> check(GatewaySnapshot) override {
    const Result<Look> look = looks_.front();
    if (looks_.size() > 1) {
      looks_.pop_front();
    }
    co_return look;
  }

 private:
  std::deque<Result<Look>> looks_;
};

// Notes until when it may take.
class DeadlineProbe final : public Probe {
 public:
  explicit DeadlineProbe(std::vector<steady_clock::time_point>& deadlines) : deadlines_(deadlines) {}

  boost::asio::awaitable<Result<std::unique_ptr<Watch>>> watch(GatewaySnapshot) override {
    co_return std::make_unique<Looks>(deadlines_);
  }
  boost::asio::awaitable<Result<std::string>> rehearse() override { co_return std::string(); }

 private:
  struct Looks final : Watch {
    explicit Looks(std::vector<steady_clock::time_point>& noted) : deadlines(noted) {}
    boost::asio::awaitable<Result<Look>> look(steady_clock::time_point deadline) override {
      deadlines.push_back(deadline);
      co_return kWell;
    }
    std::vector<steady_clock::time_point>& deadlines;
  };
  std::vector<steady_clock::time_point>& deadlines_;
};

Result<Activation> verify(std::deque<Result<Look>> looks, std::chrono::seconds timeout, const Probes& probes = {}) {
  gateway::testing::Loop loop;
  SeenAction action(std::move(looks));
  return loop.finish(gateway::verify(action, probes, {}, timeout));
}

}  // namespace

TEST_CASE("a gateway that others restart during its verification has the whole time again") {
  std::vector<steady_clock::time_point> deadlines;
  Probes probes;
  probes.push_back(std::make_unique<DeadlineProbe>(deadlines));
  CHECK(verify({kWell, Look{Verdict::begins_now, "it was restarted by others"}, kWell}, 24s, probes));
  REQUIRE(deadlines.size() >= 2);
  CHECK(deadlines.at(1) > deadlines.at(0));
  CHECK(deadlines.at(1) == deadlines.back());
}

TEST_CASE("a gateway that others restart without an end is given up") {
  const auto verified = verify({Look{Verdict::begins_now, "it is being restarted"}}, 1s);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::gateway);
}

TEST_CASE("a gateway that could not be looked at is not said to be unhealthy") {
  const Result<Look> unseen = failure(ErrorKind::disk, "no answer in time");
  const auto verified = verify({unseen}, 1s);
  REQUIRE_FALSE(verified);
  CHECK(verified.error().kind == ErrorKind::disk);
  CHECK(verify({unseen, kWell}, 24s));
}
