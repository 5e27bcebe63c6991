#include "gateway/verification.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/system_bus.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCheckInterval{500};

struct Combined {
  Verdict action;  // of the action alone
  std::string passed;
  std::string missing;  // empty if everything passed
};

void append(std::string& text, const std::string& more) {
  text += (text.empty() ? "" : "; ") + more;
}

using ProbeSessions = std::vector<std::unique_ptr<ProbeSession>>;

asio::awaitable<Result<ProbeSessions>> begin(const Probes& probes, GatewaySnapshot before) {
  ProbeSessions sessions;
  for (const auto& probe : probes) {
    CO_TRY_LET(auto session, co_await probe->begin(before));
    sessions.push_back(std::move(session));
  }
  co_return sessions;
}

asio::awaitable<Result<Combined>> check(Action& action, const ProbeSessions& sessions, GatewaySnapshot before,
                                        steady_clock::time_point deadline) {
  CO_TRY_LET(auto first, co_await action.check(before));
  if (first.verdict == Verdict::stopped) {
    co_return Combined{first.verdict, std::move(first.message), ""};
  }
  if (first.verdict != Verdict::passed) {
    co_return Combined{first.verdict, "", std::move(first.message)};
  }
  Combined combined{first.verdict, std::move(first.message), ""};
  for (const auto& session : sessions) {
    CO_TRY_LET(auto result, co_await session->check(deadline));
    append(result.verdict == Verdict::passed ? combined.passed : combined.missing, result.message);
  }
  co_return combined;
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
  CO_TRY_LET(const auto sessions, co_await begin(probes, before));
  const bool can_check = action.can_check(before) || !sessions.empty();
  auto settled = can_check ? began + grace_time(timeout) : began;
  auto deadline = std::max(began + timeout, settled);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    const auto now = steady_clock::now();
    auto result = co_await check(action, sessions, before, deadline);
    // A state that could not be read is read again, and never counts as the gateway's fault.
    const bool inconclusive = !result && result.error().kind == kInconclusive;
    if (!result && (!inconclusive || now >= deadline)) {
      co_return tl::unexpected(std::move(result.error()));
    }
    if (result && result->action == Verdict::stopped) {
      co_return Activation{Use::not_running, std::move(result->passed)};
    }
    if (result && result->action == Verdict::restarting) {
      deadline = std::min(std::max(deadline, now + timeout), began + longest_verification(timeout));
    }
    if (inconclusive || result->action != Verdict::passed) {
      settled = std::min(now + grace_time(timeout), deadline);
    }
    if (result && result->missing.empty() && now >= settled) {
      co_return Activation{Use::in_use, std::move(result->passed)};
    }
    if (result && now >= deadline) {
      co_return failure(ErrorKind::gateway, fmt::format("verifying the gateway: still unhealthy after {}: {}",
                                                        format_duration(timeout), result->missing));
    }
    timer.expires_at(std::min(steady_clock::now() + kCheckInterval, deadline));
    co_await timer.async_wait(kAsTuple);
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return failure(ErrorKind::cancelled, "verifying the gateway: cancelled");
    }
  }
}

}  // namespace renewd::gateway
