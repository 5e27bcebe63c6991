// A Store on an etcd in memory, for one process of a test. All stores of an etcd belong to one event loop.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "fleet/store.hpp"
#include "support/fleet/memory_etcd.hpp"

namespace renewd::testing {

class MemoryStore final : public fleet::Store {
 public:
  // `etcd` must outlive this object, and it must outlive its watches.
  MemoryStore(boost::asio::any_io_executor executor, MemoryEtcd& etcd) : executor_(std::move(executor)), etcd_(etcd) {}

  boost::asio::awaitable<fleet::StoreResult<fleet::Snapshot>> read(std::string prefix) override;
  boost::asio::awaitable<fleet::StoreResult<fleet::Committed>> commit(fleet::Transaction transaction) override;
  boost::asio::awaitable<fleet::StoreError> watch(std::string prefix, fleet::Revision first, Changed changed) override;
  std::vector<std::pair<fleet::Unreachable, std::uint64_t>> failures() const override;

  // --- What goes wrong.

  // While there is a reason, every call fails with it, and watches end.
  void set_unreachable(std::optional<fleet::Unreachable> reason);
  // While there is a reason, transactions are refused with it.
  void set_unwritable(std::optional<fleet::Unreachable> reason) { unwritable_ = reason; }
  // The process is dead, or taken for dead: its keys vanish. Its next commit takes another lease.
  void expire_lease();
  void drop_watches() { end_watches(); }
  enum class Fate {
    lost,          // the transaction never arrives; the caller sees a timeout
    unanswered,    // it is applied; the caller sees a timeout
    applied_late,  // the caller sees a timeout; apply_late() applies it
  };
  // What becomes of the next transaction.
  void set_next(Fate fate) { next_ = fate; }
  // Whether it succeeded; nothing if there was none.
  std::optional<bool> apply_late();

  std::function<void()> on_read = [] {};
  std::size_t reads = 0;
  std::size_t commits = 0;

 private:
  std::optional<fleet::Committed> apply(const fleet::Transaction& transaction);
  fleet::StoreError fail(fleet::Unreachable reason);
  void end_watches();

  boost::asio::any_io_executor executor_;
  MemoryEtcd& etcd_;
  Lease lease_ = 0;
  std::optional<fleet::Unreachable> unreachable_;
  std::optional<fleet::Unreachable> unwritable_;
  std::optional<Fate> next_;
  std::optional<fleet::Transaction> late_;
  std::map<fleet::Unreachable, std::uint64_t> failures_;
  std::size_t dropped_ = 0;  // how often the watches were
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace renewd::testing
