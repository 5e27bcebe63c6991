// Deadlines for the steps of an HTTP exchange. The result of a step takes precedence over a deadline or cancellation at
// the same moment, so that a response that has arrived is never lost.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/error.hpp"

namespace renewd::http {

struct TimeLimit {
  std::chrono::steady_clock::time_point at;
  std::chrono::milliseconds span;
  std::string_view setting;  // the key that sets it; empty for a constant
};

inline TimeLimit time_limit(std::chrono::milliseconds span, std::string_view setting) {
  return {std::chrono::steady_clock::now() + span, span, setting};
}

inline TimeLimit sooner(TimeLimit a, TimeLimit b) {
  return b.at < a.at ? b : a;
}

// "timed out after 10 s (http.connect_timeout)"
inline std::string timed_out(const TimeLimit& limit) {
  const std::string setting = limit.setting.empty() ? std::string() : fmt::format(" ({})", limit.setting);
  return fmt::format("timed out after {:g} s{}", std::chrono::duration<double>(limit.span).count(), setting);
}

inline bool is_cancellation(const boost::system::error_code& error) {
  return error == boost::asio::error::operation_aborted;
}

inline tl::unexpected<Error> cancelled() {
  return failure(ErrorKind::cancelled, "cancelled");
}

template <typename T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<Result<T>> step, std::optional<Result<T>>* outcome) {
  try {
    outcome->emplace(co_await std::move(step));
  } catch (const boost::system::system_error& error) {
    // Asio throws a cancellation that arrives between two awaits.
    outcome->emplace(is_cancellation(error.code()) ? cancelled() : failure(ErrorKind::bad_answer, error.what()));
  } catch (const std::exception& error) {
    outcome->emplace(failure(ErrorKind::bad_answer, error.what()));
  }
}

inline boost::asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point deadline) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, deadline);
  co_await timer.async_wait(kAsTuple);
}

// Runs `step`, which must return at once when cancelled. Errors: those of the step, with the context `doing`; timeout;
// cancelled (the caller must then return at once).
template <typename T>
boost::asio::awaitable<Result<T>> within(TimeLimit limit, std::string doing, boost::asio::awaitable<Result<T>> step) {
  using boost::asio::experimental::awaitable_operators::operator||;
  std::optional<Result<T>> outcome;
  co_await (keep_result(std::move(step), &outcome) || wait_until(limit.at));
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (outcome && *outcome) {
    co_return std::move(*outcome);
  }
  if (outcome && outcome->error().kind != ErrorKind::cancelled) {
    co_return tl::unexpected(with_context(doing, std::move(outcome->error())));
  }
  if (state.cancelled() != boost::asio::cancellation_type::none) {
    co_return cancelled();
  }
  co_return failure(ErrorKind::timeout, doing + ": " + timed_out(limit));
}

}  // namespace renewd::http
