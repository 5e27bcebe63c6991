// Work that blocks (deriving a keystore's key takes up to a second) beside the event loop, so that other certificates
// go on meanwhile. It is never cancelled: what has begun comes to its end, and its result is returned.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace renewd {

// Without a pool, on the caller's thread. `work` runs on another thread than the caller's: what it refers to must not
// be touched until this returns.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> run_blocking(boost::asio::thread_pool* pool, Work work) {
  namespace asio = boost::asio;
  if (pool == nullptr) {
    co_return work();
  }
  std::optional<std::invoke_result_t<Work>> result;
  std::exception_ptr thrown;
  const auto begin = [&](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    // The loop must not take itself for idle meanwhile.
    auto guard = asio::make_work_guard(executor);
    asio::post(*pool, [&, executor, handler = std::move(handler), guard = std::move(guard)]() mutable {
      try {
        result.emplace(work());
      } catch (...) {
        thrown = std::current_exception();
      }
      asio::post(executor, std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(begin, asio::use_awaitable);
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  co_return std::move(*result);
}

}  // namespace renewd
