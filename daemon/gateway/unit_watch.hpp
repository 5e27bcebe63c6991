// Notices changes of units' states by systemd's signals: one connection for all certificates, and no polling. Without
// units there is no connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "gateway/system_bus.hpp"

namespace renewd::gateway {

class UnitWatch {
 public:
  explicit UnitWatch(const boost::asio::any_io_executor& executor) : executor_(executor), wake_(executor, 1) {}

  // From now on, while run() runs, calls `changed` after each change of one of the units, and once when the watch
  // begins (again): the units may have changed before. Ends with the result.
  using Watching = std::shared_ptr<const void>;
  Watching watch(std::vector<std::string> units, std::function<void()> changed);

  // Until it is cancelled. Connects again if the bus was restarted.
  boost::asio::awaitable<void> run();

 private:
  struct Watcher {
    std::vector<std::string> units;
    std::function<void()> changed;
  };
  bool has_watchers();
  // Until the connection is lost, a watcher is added, or this is cancelled.
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<Result<void>> subscribe(SystemBus& bus, std::vector<Subscription>& subscriptions);
  boost::asio::awaitable<std::string> path_of(SystemBus& bus, std::string unit);
  void notify(const std::string& unit);
  // A watcher was added, or `longest` has passed.
  boost::asio::awaitable<void> wait_for_change(std::chrono::seconds longest);

  boost::asio::any_io_executor executor_;
  boost::asio::experimental::channel<void(boost::system::error_code)> wake_;
  std::vector<std::weak_ptr<Watcher>> watchers_;
  bool was_added_ = false;  // a watcher, since serve() began
};

}  // namespace renewd::gateway
