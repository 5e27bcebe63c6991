// EtcdStore against a real cluster, and the loop that runs it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "fleet/etcd_store.hpp"
#include "support/catch.hpp"
#include "support/etcd_cluster.hpp"
#include "unit/http/event_loop.hpp"

namespace renewd::testing {

inline constexpr const char* kPrefix = "/gravitee-renewd/1/account/";

inline std::string key(std::string_view name) {
  return kPrefix + std::string(name);
}

// "ok", or the reason.
template <typename T>
std::string outcome_of(const fleet::StoreResult<T>& result) {
  return result ? std::string("ok") : std::string(to_string(result.error().reason));
}

struct StoreFixture {
  explicit StoreFixture(EtcdOptions options = {}) : cluster(std::move(options)) {
    settings.endpoints = cluster.endpoints();
    settings.ca_file = cluster.ca_file();
    settings.username = cluster.user();
    set_password(cluster.password());
    limits.call = std::chrono::seconds(4);
  }

  void set_password(const std::string& password) {
    settings.password = SecretSource{SecretSource::Kind::value, "", Secret(password)};
  }

  // All hosts begin at the first endpoint unless the order is changed.
  fleet::EtcdStore& store() {
    if (!store_) {
      store_ = std::make_unique<fleet::EtcdStore>(io.get_executor(), settings, host, limits);
    }
    return *store_;
  }
  void forget_store() { store_.reset(); }

  fleet::StoreResult<fleet::Snapshot> read(const std::string& prefix = kPrefix) {
    return run_in(io, store().read(prefix));
  }
  fleet::StoreResult<fleet::Committed> commit(fleet::Transaction transaction) {
    return run_in(io, store().commit(std::move(transaction)));
  }
  // Writes `name` if it still has `revision`.
  fleet::StoreResult<fleet::Committed> put(const std::string& name, const std::string& value, fleet::Revision revision,
                                           bool leased = false) {
    return commit({{{key(name), revision}}, {{key(name), value, leased}}, kPrefix});
  }

  // Runs the loop until `satisfied`.
  void run_until(const std::function<bool()>& satisfied) {
    const auto end = std::chrono::steady_clock::now() + kStuck;
    io.restart();
    while (!satisfied()) {
      if (std::chrono::steady_clock::now() >= end) {
        throw std::runtime_error("stuck");
      }
      io.run_one_for(std::chrono::milliseconds(50));
    }
  }

  EtcdCluster cluster;
  boost::asio::io_context io;
  configuration::EtcdSettings settings;
  fleet::EtcdLimits limits;
  std::string host = "host-a";

 private:
  std::unique_ptr<fleet::EtcdStore> store_;
};

// A watch beside the test, until it ends by itself or with the object.
class WatchBeside {
 public:
  WatchBeside(StoreFixture& fixture, fleet::Revision first) : state_(std::make_shared<State>()) {
    const auto state = state_;
    boost::asio::co_spawn(
        fixture.io,
        fixture.store().watch(kPrefix, first,
                              [state](const fleet::Changes& changes) { state->seen.push_back(changes); }),
        boost::asio::bind_cancellation_slot(state->stop.slot(), [state](std::exception_ptr, fleet::StoreError error) {
          state->ended = std::move(error);
        }));
  }
  WatchBeside(const WatchBeside&) = delete;
  WatchBeside& operator=(const WatchBeside&) = delete;
  ~WatchBeside() { stop(); }

  void stop() { state_->stop.emit(boost::asio::cancellation_type::terminal); }
  const std::vector<fleet::Changes>& seen() const { return state_->seen; }
  const std::optional<fleet::StoreError>& ended() const { return state_->ended; }

 private:
  struct State {
    std::vector<fleet::Changes> seen;
    std::optional<fleet::StoreError> ended;
    boost::asio::cancellation_signal stop;
  };
  std::shared_ptr<State> state_;
};

// The lease's renewal beside the test.
class LeaseBeside {
 public:
  explicit LeaseBeside(StoreFixture& fixture) : stop_(std::make_shared<boost::asio::cancellation_signal>()) {
    boost::asio::co_spawn(fixture.io, fixture.store().keep_lease(),
                          boost::asio::bind_cancellation_slot(stop_->slot(), [kept = stop_](std::exception_ptr) {}));
  }
  LeaseBeside(const LeaseBeside&) = delete;
  LeaseBeside& operator=(const LeaseBeside&) = delete;
  ~LeaseBeside() { stop_->emit(boost::asio::cancellation_type::terminal); }

 private:
  std::shared_ptr<boost::asio::cancellation_signal> stop_;
};

}  // namespace renewd::testing

// A test that needs a real etcd.
#define SKIP_WITHOUT_ETCD()                            \
  if (!renewd::testing::EtcdCluster::is_installed()) { \
    return;                                            \
  }
