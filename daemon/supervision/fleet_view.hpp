// What one certificate's fleet looks like from here: read from etcd, then kept up to date by a watch.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "fleet/sightings.hpp"
#include "fleet/store.hpp"
#include "fleet/view.hpp"
#include "supervision/fleet_link.hpp"

namespace renewd::supervision {

class FleetView {
 public:
  FleetView(const boost::asio::any_io_executor& executor, std::shared_ptr<const FleetLink> link, fleet::Keys keys);

  // Called when the view has changed, and when etcd is reachable or unreachable again.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  // Reads and watches until it is cancelled.
  boost::asio::awaitable<void> follow();

  // Whether it was applied, for certain. Afterwards the view shows it or, where it lost a race, why. After an error
  // the outcome is not known: refresh() reads again before the next one.
  boost::asio::awaitable<bool> commit(fleet::Transaction transaction);
  // Reads again where that is necessary. False: etcd is unreachable.
  boost::asio::awaitable<bool> refresh();

  // Null until it has been read for the first time. It may be old while etcd is unreachable.
  const fleet::View* view() const { return view_ ? &*view_ : nullptr; }
  const fleet::Keys& keys() const { return keys_; }
  const fleet::Sightings& sightings() const { return sightings_; }
  // Whether the last call has shown what is there now.
  bool is_current() const { return is_current_; }
  // How many transactions in a row had no answer.
  int failed_commits() const { return failed_commits_; }
  // Nothing while etcd is reachable, and can be written.
  std::optional<std::chrono::nanoseconds> unreachable_for() const;
  const std::optional<fleet::StoreError>& error() const { return error_; }

 private:
  boost::asio::awaitable<void> read();
  void read_again(fleet::StoreError error);
  void replace(const fleet::Snapshot& snapshot);
  void seen();

  boost::asio::any_io_executor executor_;
  std::shared_ptr<const FleetLink> link_;
  fleet::Keys keys_;
  std::function<void()> changed_ = [] {};
  std::optional<fleet::View> view_;
  fleet::Sightings sightings_;
  bool is_current_ = false;
  bool watching_ = false;
  std::optional<fleet::BootTime> unreachable_since_;
  std::optional<fleet::BootTime> writes_fail_since_;
  int failed_commits_ = 0;
  std::optional<fleet::StoreError> error_;
  std::mt19937_64 jitter_;
};

}  // namespace renewd::supervision
