// A semaphore for the coroutines of one event loop.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "core/as_tuple.hpp"

namespace renewd {

class Slots {
  using Channel = boost::asio::experimental::channel<void(boost::system::error_code)>;

 public:
  // Releases the slot on destruction. Must not outlive the Slots.
  class Slot {
   public:
    explicit Slot(Channel& free) : free_(&free) {}
    Slot(Slot&& other) noexcept : free_(std::exchange(other.free_, nullptr)) {}
    Slot& operator=(Slot&& other) = delete;
    ~Slot() {
      if (free_ != nullptr) {
        free_->try_send(boost::system::error_code());
      }
    }

   private:
    Channel* free_;
  };

  Slots(const boost::asio::any_io_executor& executor, std::size_t count) : free_(executor, count) {
    for (std::size_t i = 0; i < count; ++i) {
      free_.try_send(boost::system::error_code());
    }
  }

  // Waits for a free slot, first come, first served. Nothing if cancelled.
  boost::asio::awaitable<std::optional<Slot>> take() {
    const auto [error] = co_await free_.async_receive(kAsTuple);
    if (error) {
      co_return std::nullopt;
    }
    co_return Slot(free_);
  }

 private:
  Channel free_;
};

}  // namespace renewd
