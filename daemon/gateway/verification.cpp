#include "gateway/verification.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/system_bus.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAgain{500};

struct Sight {
  std::string well;
  std::string missing;  // empty when nothing is
  Verdict action;
};

void join(std::string& text, const std::string& more) {
  text += (text.empty() ? "" : "; ") + more;
}

using Watches = std::vector<std::unique_ptr<Watch>>;

asio::awaitable<Result<Watches>> watch(const Probes& probes, GatewaySnapshot before) {
  Watches watches;
  for (const auto& probe : probes) {
    CO_TRY_LET(auto one, co_await probe->watch(before));
    watches.push_back(std::move(one));
  }
  co_return watches;
}

asio::awaitable<Result<Sight>> look(Action& action, const Watches& watches, GatewaySnapshot before,
                                    steady_clock::time_point deadline) {
  Sight sight;
  CO_TRY_LET(auto standing, co_await action.check(before));
  sight.action = standing.verdict;
  if (sight.action == Verdict::not_yet || sight.action == Verdict::begins_now) {
    sight.missing = std::move(standing.message);
    co_return sight;
  }
  sight.well = std::move(standing.message);
  if (sight.action == Verdict::stopped) {
    co_return sight;
  }
  for (const auto& one : watches) {
    CO_TRY_LET(auto seen, co_await one->look(deadline));
    join(seen.verdict == Watch::Verdict::passed ? sight.well : sight.missing, seen.message);
  }
  co_return sight;
}

}  // namespace

std::chrono::seconds grace_time(std::chrono::seconds timeout) {
  return std::clamp(timeout / 12, std::chrono::seconds(2), std::chrono::seconds(10));
}

std::chrono::seconds longest_verification(std::chrono::seconds timeout) {
  return 3 * std::max(timeout, grace_time(timeout));
}

asio::awaitable<Result<Activation>> verify(Action& action, const Probes& probes, GatewaySnapshot before,
                                           std::chrono::seconds timeout) {
  const auto began = steady_clock::now();
  CO_TRY_LET(const auto watches, co_await watch(probes, before));
  const bool sees_anything = action.watches(before) || !watches.empty();
  auto settled = sees_anything ? began + grace_time(timeout) : began;
  auto deadline = std::max(began + timeout, settled);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    const auto looked_at = steady_clock::now();
    auto sight = co_await look(action, watches, before, deadline);
    // What could not be looked at is looked at again, and is no fault of the gateway in the end.
    const bool unseen = !sight && sight.error().kind == kUnanswered;
    if (!sight && (!unseen || looked_at >= deadline)) {
      co_return tl::unexpected(std::move(sight.error()));
    }
    if (sight && sight->action == Verdict::stopped) {
      co_return Activation{Use::not_running, std::move(sight->well)};
    }
    if (sight && sight->action == Verdict::begins_now) {
      deadline = std::min(std::max(deadline, looked_at + timeout), began + longest_verification(timeout));
    }
    if (unseen || sight->action != Verdict::passed) {
      settled = std::min(looked_at + grace_time(timeout), deadline);
    }
    if (sight && sight->missing.empty() && looked_at >= settled) {
      co_return Activation{Use::in_use, std::move(sight->well)};
    }
    if (sight && looked_at >= deadline) {
      co_return failure(ErrorKind::gateway, fmt::format("verifying the gateway: not well after {}: {}",
                                                        format_duration(timeout), sight->missing));
    }
    timer.expires_at(std::min(steady_clock::now() + kLookAgain, deadline));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return failure(ErrorKind::cancelled, "verifying the gateway: cancelled");
    }
  }
}

}  // namespace renewd::gateway
