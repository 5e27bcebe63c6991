// The JSON of etcd's gateway (3.4 and later): every request that is sent, and what is read of the responses. etcd drops
// fields that it does not know without a word, so a misspelt comparison would write without a condition: requests are
// built here and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/secret.hpp"
#include "fleet/gateway_error.hpp"
#include "fleet/store.hpp"

namespace renewd::fleet {

// Keys in one response: 1,000 members, and what they share.
inline constexpr std::size_t kKeyLimit = 1003;
// Of one response, and of one line of a watch.
inline constexpr std::size_t kResponseLimit = std::size_t{4} * 1024 * 1024;

using LeaseId = std::int64_t;

struct GatewayRequest {
  std::string_view path;
  std::string body;
  Secret secret = Secret();  // in the body, if any
};

GatewayRequest read_request(std::string_view prefix);
// Cheap, but only a member that has a leader answers it.
GatewayRequest probe_request(std::string_view prefix);
// The lease is used for the puts that need one. `transaction` compares something.
GatewayRequest commit_request(const Transaction& transaction, LeaseId lease);
GatewayRequest watch_request(std::string_view prefix, Revision first);
GatewayRequest grant_request(std::chrono::seconds time_to_live);
GatewayRequest keep_alive_request(LeaseId lease);
GatewayRequest revoke_request(LeaseId lease);
GatewayRequest authenticate_request(std::string_view user, const Secret& password);

// The end of the range of all keys with this prefix.
std::string end_of_prefix(std::string_view prefix);

// --- Responses. Errors: bad_answer; too_large for more keys than the limit.

// Another cluster has other revisions.
using ClusterId = std::string;

struct ReadAnswer {
  ClusterId cluster;
  Snapshot snapshot;
};
StoreResult<ReadAnswer> parse_read(std::string_view body);
StoreResult<Committed> parse_commit(std::string_view body);
StoreResult<LeaseId> parse_grant(std::string_view body);
// Whether the lease still exists. The body is a stream of one line.
StoreResult<bool> parse_keep_alive(std::string_view body);
StoreResult<Secret> parse_token(std::string_view body);

struct WatchCreated {
  ClusterId cluster;
  Revision revision;  // of the store, now
};
struct WatchCanceled {
  std::string reason;      // may be empty
  Revision compacted = 0;  // if not 0, what was asked for is gone
};
// One line of a watch. Changes are in the order of their revisions, and may be none.
using WatchLine = std::variant<WatchCreated, WatchCanceled, GatewayError, std::vector<Changes>>;
StoreResult<WatchLine> parse_watch_line(std::string_view line);

// Splits the pieces of a stream into lines.
class Lines {
 public:
  // Errors: too_large, for a line over kResponseLimit.
  StoreResult<std::vector<std::string>> add(std::string_view piece);
  // At the end of the stream: an error there has no line break.
  std::string rest() { return std::exchange(unfinished_, {}); }

 private:
  std::string unfinished_;
};

}  // namespace renewd::fleet
