// Runs blocking work (deriving a keystore's key takes up to a second) on another thread, so that the event loop can
// serve other certificates meanwhile. Cannot be cancelled.
#pragma once

#include <future>
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

// Runs `work` on a thread of the pool: the caller must not touch what it refers to until this returns. Without a pool,
// on the caller's thread.
template <typename Work>
boost::asio::awaitable<std::invoke_result_t<Work>> run_blocking(boost::asio::thread_pool* pool, Work work) {
  namespace asio = boost::asio;
  if (pool == nullptr) {
    co_return work();
  }
  std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
  auto result = task.get_future();
  const auto begin = [&task, pool](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto guard = asio::make_work_guard(executor);  // keeps the event loop running
    asio::post(*pool, [&task, executor, handler = std::move(handler), guard = std::move(guard)]() mutable {
      task();
      asio::post(executor, std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(begin, asio::use_awaitable);
  co_return result.get();
}

}  // namespace renewd
