#include "gateway/unit_watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/try.hpp"
#include "gateway/systemd_units.hpp"
#include "gateway/unit_properties.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using asio::experimental::awaitable_operators::operator||;
using std::chrono::steady_clock;

constexpr auto kPropertiesInterface = "org.freedesktop.DBus.Properties";
constexpr auto kUnitPath = "/org/freedesktop/systemd1/unit";

// After a lost connection. A bus that is restarted needs less than that.
constexpr std::chrono::seconds kReconnect{10};
// On a host without a system bus.
constexpr std::chrono::seconds kTryAgain{600};

asio::awaitable<void> drop_result(asio::awaitable<Result<void>> work, Result<void>& result) {
  result = co_await std::move(work);
}

}  // namespace

UnitWatch::Watching UnitWatch::watch(std::vector<std::string> units, std::function<void()> changed) {
  auto watcher = std::make_shared<Watcher>(std::move(units), std::move(changed));
  if (!watcher->units.empty()) {
    watchers_.push_back(watcher);
    was_added_ = true;
    wake_.try_send(boost::system::error_code());
  }
  return watcher;
}

bool UnitWatch::has_watchers() {
  std::erase_if(watchers_, [](const auto& watcher) { return watcher.expired(); });
  return !watchers_.empty();
}

void UnitWatch::notify(const std::string& unit) {
  for (const auto& weak : watchers_) {
    const auto watcher = weak.lock();
    if (watcher && std::ranges::find(watcher->units, unit) != watcher->units.end()) {
      watcher->changed();
    }
  }
}

asio::awaitable<void> UnitWatch::run() {
  bool stopping = false;
  while (!stopping) {
    if (has_watchers()) {
      co_await serve();
    } else {
      co_await wake_.async_receive(kAsTuple);
    }
    stopping = co_await stop_requested();
  }
}

asio::awaitable<void> UnitWatch::serve() {
  // All watchers so far are served from here on.
  was_added_ = false;
  wake_.try_receive([](const boost::system::error_code&) {});
  auto bus = SystemBus::connect(executor_);
  if (!bus) {
    co_await wait_for_change(kTryAgain);
    co_return;
  }
  std::vector<Subscription> subscriptions;  // after the bus, which must outlive them
  const Result<void> subscribed = co_await subscribe(**bus, subscriptions);
  if (!subscribed) {
    subscriptions.clear();
    co_await wait_for_change(kTryAgain);
    co_return;
  }
  for (const auto& weak : watchers_) {
    if (const auto watcher = weak.lock()) {
      watcher->changed();
    }
  }
  while (true) {
    Result<void> handled;
    // Not the first of the two: both may be over.
    co_await (drop_result((*bus)->handle_messages(), handled) || wake_.async_receive(kAsTuple));
    const bool stopping = co_await stop_requested();
    if (stopping || was_added_) {
      co_return;
    }
    if (!handled) {
      co_await wait_for_change(kReconnect);
      co_return;
    }
  }
}

asio::awaitable<Result<void>> UnitWatch::subscribe(SystemBus& bus, std::vector<Subscription>& subscriptions) {
  const auto deadline = steady_clock::now() + kQuestionTimeout;
  std::set<std::string> units;
  for (const auto& weak : watchers_) {
    if (const auto watcher = weak.lock()) {
      units.insert(watcher->units.begin(), watcher->units.end());
    }
  }
  for (const auto& unit : units) {
    const std::string path = co_await path_of(bus, unit);
    CO_TRY_LET(auto subscription, bus.subscribe(kSystemd, path.c_str(), kPropertiesInterface, "PropertiesChanged",
                                                [this, unit](sd_bus_message*) { notify(unit); }));
    subscriptions.push_back(std::move(subscription));
  }
  // Without this, systemd sends no signals.
  CO_TRY_LET(auto call, bus.method(kSystemd, kManagerPath, kManager, "Subscribe"));
  const CallResult answer = co_await bus.call(std::move(call), deadline);
  if (!answer && answer.error().name != "org.freedesktop.systemd1.AlreadySubscribed") {
    co_return failure(answer.error().kind, "asking systemd: Subscribe: " + answer.error().message);
  }
  co_return Result<void>();
}

// For an alias, that of the unit itself, which alone sends signals.
asio::awaitable<std::string> UnitWatch::path_of(SystemBus& bus, std::string unit) {
  auto call = bus.method(kSystemd, kManagerPath, kManager, "LoadUnit");
  if (call && sd_bus_message_append_basic(call->get(), SD_BUS_TYPE_STRING, unit.c_str()) >= 0) {
    const CallResult answer = co_await bus.call(std::move(*call), steady_clock::now() + kQuestionTimeout);
    if (answer) {
      if (auto path = read_object_path(answer->get())) {
        co_return std::move(*path);
      }
    }
  }
  char* encoded = nullptr;
  sd_bus_path_encode(kUnitPath, unit.c_str(), &encoded);
  std::string path = encoded == nullptr ? kUnitPath : encoded;
  std::free(encoded);
  co_return path;
}

asio::awaitable<void> UnitWatch::wait_for_change(std::chrono::seconds longest) {
  if (was_added_) {
    co_return;
  }
  asio::steady_timer timer(executor_, longest);
  co_await (expired(timer) || wake_.async_receive(kAsTuple));
}

}  // namespace renewd::gateway
