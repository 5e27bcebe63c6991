#include "support/fleet/memory_etcd.hpp"

#include <algorithm>

namespace renewd::testing {

using fleet::Changes;
using fleet::Committed;
using fleet::KeyValue;
using fleet::Revision;
using fleet::Snapshot;
using fleet::Transaction;

Snapshot MemoryEtcd::read(std::string_view prefix) const {
  Snapshot snapshot{.revision = contents_.revision, .values = {}};
  for (const auto& [key, value] : contents_.values) {
    if (key.starts_with(prefix)) {
      snapshot.values.push_back(value);
    }
  }
  return snapshot;
}

std::optional<Committed> MemoryEtcd::commit(const Transaction& transaction, Lease lease) {
  const bool needs_lease = std::ranges::any_of(transaction.put, &Transaction::Put::leased);
  if (needs_lease && !is_alive(lease)) {
    return std::nullopt;
  }
  const bool same = std::ranges::all_of(transaction.compare, [this](const Transaction::Compare& compare) {
    const auto found = contents_.values.find(compare.key);
    return compare.mod_revision == (found == contents_.values.end() ? 0 : found->second.mod_revision);
  });
  if (!same) {
    return Committed{.succeeded = false, .revision = contents_.revision, .current = read(transaction.read)};
  }
  if (!transaction.put.empty() || !transaction.remove.empty()) {
    Changes changes{.revision = contents_.revision + 1, .puts = {}, .deleted = {}};
    std::ranges::copy_if(transaction.remove, std::back_inserter(changes.deleted),
                         [this](const std::string& key) { return contents_.values.contains(key); });
    for (const auto& put : transaction.put) {
      changes.puts.push_back({put.key, put.value, changes.revision});
      contents_.leases.erase(put.key);
      if (put.leased) {
        contents_.leases[put.key] = lease;
      }
    }
    changed(std::move(changes));
  }
  return Committed{.succeeded = true, .revision = contents_.revision, .current = {}};
}

void MemoryEtcd::put(const std::string& key, const std::string& value) {
  commit({.compare = {}, .put = {{key, value}}, .read = {}});
}

void MemoryEtcd::remove(std::string_view prefix) {
  Changes changes{.revision = contents_.revision + 1, .puts = {}, .deleted = {}};
  for (const auto& value : read(prefix).values) {
    changes.deleted.push_back(value.key);
  }
  if (!changes.deleted.empty()) {
    changed(std::move(changes));
  }
}

Lease MemoryEtcd::grant() {
  leases_[++last_lease_] = true;
  return last_lease_;
}

void MemoryEtcd::expire(Lease lease) {
  if (leases_.erase(lease) == 0) {
    return;
  }
  Changes changes{.revision = contents_.revision + 1, .puts = {}, .deleted = {}};
  for (const auto& [key, owner] : contents_.leases) {
    if (owner == lease) {
      changes.deleted.push_back(key);
    }
  }
  if (!changes.deleted.empty()) {
    changed(std::move(changes));
  }
}

std::optional<std::vector<Changes>> MemoryEtcd::changes(std::string_view prefix, Revision first) const {
  if (first <= compacted_) {
    return std::nullopt;
  }
  std::vector<Changes> all;
  for (const auto& one : history_) {
    if (one.revision < first) {
      continue;
    }
    Changes below{.revision = one.revision, .puts = {}, .deleted = {}};
    std::ranges::copy_if(one.puts, std::back_inserter(below.puts),
                         [prefix](const KeyValue& value) { return value.key.starts_with(prefix); });
    std::ranges::copy_if(one.deleted, std::back_inserter(below.deleted),
                         [prefix](const std::string& key) { return key.starts_with(prefix); });
    if (!below.puts.empty() || !below.deleted.empty()) {
      all.push_back(std::move(below));
    }
  }
  return all;
}

void MemoryEtcd::compact(Revision before) {
  compacted_ = std::max(compacted_, std::min(before, contents_.revision));
  std::erase_if(history_, [this](const Changes& changes) { return changes.revision <= compacted_; });
}

void MemoryEtcd::restore(Backup backup) {
  contents_ = std::move(backup);
  history_.clear();
  compacted_ = contents_.revision;
  leases_.clear();
  for (const auto& [key, lease] : contents_.leases) {
    leases_[lease] = true;
  }
  Event event{.changes = {.revision = contents_.revision, .puts = {}, .deleted = {}}, .restored = true};
  for (const auto& [key, value] : contents_.values) {
    event.changes.puts.push_back(value);
  }
  events_.push_back(std::move(event));
  const auto listeners = listeners_;
  for (const auto& [number, listener] : listeners) {
    listener();
  }
}

int MemoryEtcd::on_change(std::function<void()> changed) {
  listeners_[++last_listener_] = std::move(changed);
  return last_listener_;
}

void MemoryEtcd::changed(Changes changes) {
  contents_.revision = changes.revision;
  for (const auto& key : changes.deleted) {
    contents_.values.erase(key);
    contents_.leases.erase(key);
  }
  for (const auto& put : changes.puts) {
    contents_.values[put.key] = put;
  }
  history_.push_back(changes);
  events_.push_back({std::move(changes)});
  const auto listeners = listeners_;  // a listener may forget itself
  for (const auto& [number, listener] : listeners) {
    listener();
  }
}

}  // namespace renewd::testing
