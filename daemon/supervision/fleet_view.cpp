#include "supervision/fleet_view.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstPause = 1s;
constexpr std::chrono::milliseconds kLongestPause = 15s;

}  // namespace

FleetView::FleetView(const asio::any_io_executor& executor, std::shared_ptr<const FleetLink> link, fleet::Keys keys)
    : executor_(executor),
      link_(std::move(link)),
      keys_(std::move(keys)),
      jitter_(std::hash<std::string>()(link_->process + keys_.base())) {
  // Until the first answer: a host that starts while etcd is away must know for how long it has been.
  unreachable_since_ = link_->boot_time();
}

asio::awaitable<void> FleetView::follow() {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    is_current_ = false;
    co_await read();
    bool stopping = co_await stop_requested();
    if (is_current_ && !stopping) {
      const fleet::BootTime begun = link_->boot_time();
      const fleet::Revision next = view_->revision + 1;
      watching_ = true;
      fleet::StoreError ended = co_await link_->store->watch(keys_.base(), next, [this](const fleet::Changes& changes) {
        fleet::apply(changes, keys_, *view_);
        seen();
      });
      watching_ = false;
      // One that ends at once, as behind a proxy that cuts streams, is not opened again and again.
      if (link_->boot_time() - begun >= kLongestPause) {
        pause = kFirstPause;
      }
      read_again(std::move(ended));
    }
    stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
    const double part = std::uniform_real_distribution<double>(0.5, 1)(jitter_);
    asio::steady_timer timer(executor_, std::chrono::duration_cast<std::chrono::milliseconds>(pause * part));
    pause = std::min(2 * pause, kLongestPause);
    co_await timer.async_wait(kAsTuple);
  }
}

asio::awaitable<void> FleetView::read() {
  auto snapshot = co_await link_->store->read(keys_.base());
  if (snapshot) {
    replace(*snapshot);
  } else {
    read_again(std::move(snapshot.error()));
    unreachable_since_ = unreachable_since_.value_or(link_->boot_time());
    changed_();
  }
}

asio::awaitable<bool> FleetView::refresh() {
  if (!is_current_) {
    co_await read();
  }
  co_return is_current_;
}

asio::awaitable<bool> FleetView::commit(fleet::Transaction transaction) {
  const auto puts = transaction.put;
  const auto removed = transaction.remove;
  auto committed = co_await link_->store->commit(std::move(transaction));
  if (!committed) {
    ++failed_commits_;
    writes_fail_since_ = writes_fail_since_.value_or(link_->boot_time());
    read_again(std::move(committed.error()));
    co_return false;
  }
  failed_commits_ = 0;
  writes_fail_since_.reset();
  if (!committed->succeeded) {
    replace(committed->current);
    co_return false;
  }
  fleet::Changes own{committed->revision, {}, removed};
  for (const auto& put : puts) {
    own.puts.push_back({put.key, put.value, committed->revision});
  }
  fleet::apply_own(own, keys_, *view_);
  seen();
  co_return true;
}

std::optional<std::chrono::nanoseconds> FleetView::unreachable_for() const {
  // An etcd that can be read and not written is of no use either.
  const auto since = unreachable_since_ && writes_fail_since_ ? std::min(*unreachable_since_, *writes_fail_since_)
                     : unreachable_since_                     ? *unreachable_since_
                                                              : writes_fail_since_.value_or(fleet::BootTime::max());
  return since == fleet::BootTime::max() ? std::nullopt : std::optional(link_->boot_time() - since);
}

// What a transaction did that failed is not known.
void FleetView::read_again(fleet::StoreError error) {
  is_current_ = false;
  error_ = std::move(error);
}

void FleetView::replace(const fleet::Snapshot& snapshot) {
  // The watch may have overtaken it, and does not repeat what came since.
  const bool overtaken = watching_ && view_ && view_->revision > snapshot.revision;
  if (!overtaken) {
    view_ = fleet::view_of(snapshot, keys_);
  }
  is_current_ = true;
  seen();
}

void FleetView::seen() {
  unreachable_since_.reset();
  sightings_.saw(*view_, link_->boot_time());
  changed_();
}

}  // namespace renewd::supervision
