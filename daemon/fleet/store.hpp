// What the fleet needs from etcd: reads, transactions, a watch, and keys that vanish with this process. EtcdStore has
// the real one; tests have one in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <tl/expected.hpp>

namespace renewd::fleet {

using Revision = std::int64_t;

struct KeyValue {
  std::string key;
  std::string value;
  Revision mod_revision = 0;

  bool operator==(const KeyValue&) const = default;
};

struct Snapshot {
  Revision revision = 0;
  std::vector<KeyValue> values;
};

// What changed in one revision.
struct Changes {
  Revision revision = 0;
  std::vector<KeyValue> puts;
  std::vector<std::string> deleted;
};

// Puts all values, and removes keys, if each key of `compare` still has that mod_revision (0: the key does not exist).
struct Transaction {
  struct Compare {
    std::string key;
    Revision mod_revision;
    bool operator==(const Compare&) const = default;
  };
  struct Put {
    std::string key;
    std::string value;
    bool leased = false;  // vanishes when this process stops renewing its lease
    bool operator==(const Put&) const = default;
  };
  std::vector<Compare> compare;
  std::vector<Put> put;
  std::string read;  // this prefix is read if the comparison fails
  std::vector<std::string> remove = {};

  bool operator==(const Transaction&) const = default;
};

struct Committed {
  bool succeeded;
  Revision revision;
  Snapshot current;  // of Transaction::read, if it has not succeeded
};

// Why etcd cannot be used: the field `reason` of the event fleet_unreachable.
enum class Unreachable {
  dns,
  connect,
  tls,
  timeout,
  no_leader,
  auth,
  permission,
  gateway_off,
  client_cn,
  too_large,
  no_space,
  bad_answer,
  cancelled
};
std::string_view to_string(Unreachable reason);

// After a failure of commit(), the transaction may have been applied, or may still be, unless the error is a clean
// refusal. Read again before the next one.
struct StoreError {
  Unreachable reason;
  std::string message;
  std::string advice = {};
};

template <typename T>
using StoreResult = tl::expected<T, StoreError>;

class Store {
 public:
  virtual ~Store() = default;

  // All keys with this prefix, linearizable.
  virtual boost::asio::awaitable<StoreResult<Snapshot>> read(std::string prefix) = 0;
  virtual boost::asio::awaitable<StoreResult<Committed>> commit(Transaction transaction) = 0;

  using Changed = std::function<void(const Changes&)>;
  // Calls `changed` for each revision from `first` on that changes a key with this prefix, in order. Returns when it
  // can go on no longer (compacted, canceled, disconnected, cancelled): read again then.
  virtual boost::asio::awaitable<StoreError> watch(std::string prefix, Revision first, Changed changed) = 0;

  // How many calls have failed since the start, by reason. For metrics.
  virtual std::vector<std::pair<Unreachable, std::uint64_t>> failures() const { return {}; }
};

}  // namespace renewd::fleet
