#include "support/fleet/memory_store.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"

namespace renewd::testing {

using boost::asio::awaitable;
using fleet::Committed;
using fleet::Revision;
using fleet::Snapshot;
using fleet::StoreError;
using fleet::StoreResult;
using fleet::Transaction;
using fleet::Unreachable;

awaitable<StoreResult<Snapshot>> MemoryStore::read(std::string prefix) {
  co_await boost::asio::post(executor_, boost::asio::use_awaitable);
  ++reads;
  on_read();
  if (unreachable_) {
    co_return tl::unexpected(fail(*unreachable_));
  }
  co_return etcd_.read(prefix);
}

awaitable<StoreResult<Committed>> MemoryStore::commit(Transaction transaction) {
  co_await boost::asio::post(executor_, boost::asio::use_awaitable);
  ++commits;
  if (unreachable_ || unwritable_) {
    co_return tl::unexpected(fail(unreachable_ ? *unreachable_ : *unwritable_));
  }
  if (const auto fate = std::exchange(next_, std::nullopt)) {
    if (*fate == Fate::unanswered) {
      apply(transaction);
    } else if (*fate == Fate::applied_late) {
      late_ = std::move(transaction);
    }
    co_return tl::unexpected(fail(Unreachable::timeout));
  }
  co_return *apply(transaction);
}

awaitable<StoreError> MemoryStore::watch(std::string prefix, Revision first, Changed changed) {
  boost::asio::steady_timer timer(executor_);
  const int listener = etcd_.on_change([&timer] { timer.cancel(); });
  waiting_.push_back(&timer);
  const std::size_t dropped = dropped_;
  StoreError end{Unreachable::cancelled, "watching: cancelled"};
  while (true) {
    if (unreachable_ || dropped != dropped_) {
      end = fail(unreachable_.value_or(Unreachable::connect));
      break;
    }
    const auto changes = etcd_.changes(prefix, first);
    if (!changes) {
      end = {Unreachable::bad_answer, "watching: the revision was compacted"};
      break;
    }
    for (const auto& change : *changes) {
      first = change.revision + 1;
      changed(change);
    }
    if (!changes->empty()) {
      continue;  // `changed` may have changed more
    }
    timer.expires_at(boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(kAsTuple);
    const bool stop = co_await stop_requested();
    if (stop) {
      break;
    }
  }
  etcd_.forget(listener);
  std::erase(waiting_, &timer);
  co_return end;
}

std::vector<std::pair<Unreachable, std::uint64_t>> MemoryStore::failures() const {
  return {failures_.begin(), failures_.end()};
}

void MemoryStore::set_unreachable(std::optional<Unreachable> reason) {
  unreachable_ = reason;
  if (reason) {
    end_watches();
  }
}

void MemoryStore::expire_lease() {
  etcd_.expire(lease_);
}

std::optional<bool> MemoryStore::apply_late() {
  const auto transaction = std::exchange(late_, std::nullopt);
  return transaction ? std::optional(apply(*transaction)->succeeded) : std::nullopt;
}

std::optional<Committed> MemoryStore::apply(const Transaction& transaction) {
  if (!etcd_.is_alive(lease_)) {
    lease_ = etcd_.grant();
  }
  return etcd_.commit(transaction, lease_);
}

StoreError MemoryStore::fail(Unreachable reason) {
  ++failures_[reason];
  return {reason, "the etcd of the test: " + std::string(to_string(reason))};
}

void MemoryStore::end_watches() {
  ++dropped_;
  for (auto* const timer : waiting_) {
    timer->cancel();
  }
}

}  // namespace renewd::testing
