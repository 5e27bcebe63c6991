#include "supervision/sleep.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/cancellation.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

Sleep::Sleep(const asio::any_io_executor& executor, keystore::Store& store)
    : store_(store), timer_(executor), interruption_(executor, 1) {
  store_.watch(executor);
}

asio::awaitable<Woken> Sleep::until(TimePoint time) {
  using asio::experimental::awaitable_operators::operator||;
  // A cancellation that came before is not delivered again.
  const bool stopped = co_await stop_requested();
  if (stopped) {
    co_return Woken::by_cancellation;
  }
  const auto woken = co_await (timer_.sleep_until(time) || store_.changed() ||
                               interruption_.async_receive(asio::as_tuple(asio::use_awaitable)));
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return Woken::by_cancellation;
  }
  switch (woken.index()) {
    case 0:
      co_return std::get<0>(woken) == Wake::clock_changed ? Woken::by_clock_change : Woken::by_time;
    case 1:
      co_return Woken::by_keystore;
    default:
      co_return Woken::by_interruption;
  }
}

void Sleep::interrupt() {
  interruption_.try_send(boost::system::error_code());
}

}  // namespace renewd::supervision
