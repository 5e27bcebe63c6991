// etcd in memory, as far as a fleet uses it: revisions, transactions, leases, a history for watches, compaction, and
// restoring from a backup. Synchronous and without time: whoever calls it decides when something happens, and what
// gets lost on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/store.hpp"

namespace renewd::testing {

using Lease = std::uint64_t;

class MemoryEtcd {
 public:
  fleet::Revision revision() const { return contents_.revision; }
  fleet::Snapshot read(std::string_view prefix) const;
  // Puts that need a lease get `lease`; 0, or one that has expired: the transaction is refused (nothing).
  std::optional<fleet::Committed> commit(const fleet::Transaction& transaction, Lease lease = 0);
  // By hand, as with etcdctl.
  void put(const std::string& key, const std::string& value);
  void remove(std::string_view prefix);

  Lease grant();
  const std::map<Lease, bool>& leases() const { return leases_; }
  bool is_alive(Lease lease) const { return leases_.contains(lease); }
  // Its keys vanish in one revision.
  void expire(Lease lease);

  // What has changed below `prefix` from revision `first` on; nothing if that was compacted.
  std::optional<std::vector<fleet::Changes>> changes(std::string_view prefix, fleet::Revision first) const;
  void compact(fleet::Revision before);

  struct Backup {
    fleet::Revision revision = 1;
    std::map<std::string, fleet::KeyValue> values;
    std::map<std::string, Lease> leases;  // of the keys
  };
  Backup backup() const { return contents_; }
  // The revisions go back, too. Leases with keys in the backup are alive again, until they expire; others are
  // forgotten.
  void restore(Backup backup);

  // Everything that ever happened, for an auditor: each revision or, with `restored`, all that is there afterwards.
  struct Event {
    fleet::Changes changes;
    bool restored = false;
  };
  const std::vector<Event>& events() const { return events_; }

  // Called after each change; returns a number for forget().
  int on_change(std::function<void()> changed);
  void forget(int number) { listeners_.erase(number); }

 private:
  void changed(fleet::Changes changes);

  Backup contents_;
  std::map<Lease, bool> leases_;
  Lease last_lease_ = 0;
  std::vector<fleet::Changes> history_;  // since the last compaction or restoration
  fleet::Revision compacted_ = 0;
  std::vector<Event> events_;
  std::map<int, std::function<void()>> listeners_;
  int last_listener_ = 0;
};

}  // namespace renewd::testing
