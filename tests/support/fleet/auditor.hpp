// Checks what a fleet has done against the invariants of docs/fleet.md, from records that need not come from its
// members: the revisions of etcd, the requests that the cloud saw, the times at which gateways were down.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "fleet/records.hpp"
#include "fleet/store.hpp"
#include "fleet/view.hpp"

namespace renewd::testing {

struct Revised {
  TimePoint at;
  fleet::Changes changes;
  bool restored = false;  // from a backup: `puts` is all that is there
};

struct Post {
  TimePoint at;
  fleet::MemberName member;
  std::string claim;  // its id; empty: alone
};

struct Restart {
  fleet::MemberName member;
  std::string fingerprint;  // of the certificate that is deployed, also while it is rolled back
  TimePoint down;
  TimePoint up;
  bool alone = false;        // near the end of its certificate, without the fleet
  std::string gateway = {};  // if two members have one name
};

struct Installation {
  fleet::MemberName member;
  std::optional<fleet::CertificateRecord> before;
  fleet::CertificateRecord after;
  bool restores = false;  // a roll-back
};

// What somebody did on purpose, or that the rules allow near the end of a certificate.
struct Exception {
  TimePoint at;
  fleet::MemberName member;
};

struct LiveMember {
  fleet::MemberName name;
  std::string in_use;                             // fingerprint
  std::string explanation;                        // why it is not the newest; may be empty
  std::vector<fleet::CertificateRecord> answers;  // on its disk, installed or not, but not set aside
};

struct Call {
  TimePoint at;
  std::string host;
};

struct FleetHistory {
  fleet::Keys keys;
  unsigned restart_at_once = 1;
  std::vector<Revised> revisions;
  std::vector<Post> posts;
  std::vector<Restart> restarts;
  std::vector<Installation> installations;
  std::vector<Exception> drops;      // holders that were dropped while they held a turn
  std::vector<Exception> overrides;  // takes in spite of a halt
  // Reasons for a request besides the first one: a renewal that was due again, a response that nobody got, a failure, a
  // bad generation.
  unsigned further_requests = 0;
  std::vector<std::string> secrets;  // texts that no value may contain
  // At the end. Members that are not running are not listed.
  bool ended = false;
  std::vector<LiveMember> members;
  // Calls to etcd while nothing happened.
  TimePoint idle_from;
  TimePoint idle_until;
  std::vector<Call> idle_calls;
};

struct Violation {
  int invariant;  // from 1 to 11, as in docs/fleet.md
  std::string what;
};

// Empty: none was violated.
std::vector<Violation> audit(const FleetHistory& history);

}  // namespace renewd::testing
