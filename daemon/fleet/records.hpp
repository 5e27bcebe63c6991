// What a fleet shares through etcd, as values (docs/fleet.md has the format). Times are wall-clock times of the host
// that wrote them, for people: no host decides by the clock of another one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "state/certificate_record.hpp"

namespace renewd::fleet {

using state::CertificateRecord;

// Whether `one` was issued later than `other`. The cloud sets the dates, so all hosts agree. Equal dates are not later.
bool is_later(const CertificateRecord& one, const CertificateRecord& other);

// "<host>/<certificate>".
using MemberName = std::string;
// Printable, with one slash, and no longer than a host name and a certificate's name can be.
bool is_member_name(std::string_view text);

// Larger values are neither published nor used: etcd takes requests of 1.5 MiB.
inline constexpr std::size_t kPublishedLimit = std::size_t{1024} * 1024;
// More members than a fleet can have.
inline constexpr std::size_t kMaxMembers = 1000;

// A member's intention to request a certificate for all.
struct Claim {
  std::string id;  // random, of this claim alone
  MemberName member;
  TimePoint at;
  unsigned confirmed = 0;

  bool operator==(const Claim&) const = default;
};

struct FailedRequest {
  MemberName member;
  std::string failure_class;  // the name of an ErrorKind
  std::string message;
  TimePoint at;

  bool operator==(const FailedRequest&) const = default;
};

// Who requests a certificate: the key `renewal`.
struct RenewalRecord {
  std::optional<Claim> claim;            // nothing: idle
  std::vector<TimePoint> requests = {};  // claims of the last day, oldest first
  unsigned failures = 0;                 // in a row
  std::optional<FailedRequest> failed = std::nullopt;
  // No member claims for so long after it saw this record.
  std::chrono::seconds wait{0};

  bool operator==(const RenewalRecord&) const = default;
};

// The readable part of what was published: the key `generation`, line 1.
struct Header {
  std::string account;
  std::uint64_t generation = 0;
  std::string key_id;
  std::string salt;  // 32 bytes
  MemberName published_by;
  std::string claim;  // an id, "alone" or "by_hand"
  TimePoint at;
  CertificateRecord certificate;

  bool operator==(const Header&) const = default;
};

struct Published {
  Header header;
  std::string header_line;  // as it was received: the sealed part is bound to these bytes
  std::string sealed;       // nonce, ciphertext and tag

  bool operator==(const Published&) const = default;
};

// A member that may restart its gateway. It has no lease: it stays until it reports, returns, or a person drops it.
struct Holder {
  MemberName member;
  std::uint64_t generation = 0;
  std::string id;
  TimePoint at;

  bool operator==(const Holder&) const = default;
};

struct FailedMember {
  std::string message;
  TimePoint at;
  bool given_up = false;  // after renewal::kRollbacksPerAnswer roll-backs

  bool operator==(const FailedMember&) const = default;
};

enum class HaltReason { failed, lost, by_operator };  // "failed", "lost", "operator"
std::string_view to_string(HaltReason reason);

struct Halt {
  HaltReason reason;
  MemberName member;  // the cause
  TimePoint at;

  bool operator==(const Halt&) const = default;
};

// The restarts with one generation: the key `rollout`. Names are sorted, and unique.
struct Rollout {
  std::uint64_t generation = 0;
  std::string fingerprint;
  std::optional<Halt> halt = std::nullopt;
  std::vector<Holder> holders = {};
  std::vector<MemberName> verified = {};
  std::map<MemberName, FailedMember> failed = {};
  std::vector<MemberName> lost = {};
  std::vector<MemberName> excused = {};  // their failures do not halt again

  const Holder* holder(const MemberName& member) const;
  bool operator==(const Rollout&) const = default;
};

// current: uses the newest; ready: has it, and waits for a maintenance window; waiting: for its turn; turn: restarts;
// failed: rolled back; unable: cannot use what was published; leading: requests a certificate; apart: keeps a
// certificate of its own; alone: renews by itself, since etcd is unreachable.
enum class MemberState { current, ready, waiting, turn, failed, unable, leading, apart, alone };
std::string_view to_string(MemberState state);

// What a member says about itself, under a lease: the keys `members/<host>/<certificate>`.
struct MemberRecord {
  std::string machine;  // renewal::host_identity(), hashed
  std::string process;  // random, of this process
  std::string version;
  std::string key_id;
  MemberState state = MemberState::current;
  std::string reason = {};
  std::uint64_t generation = 0;  // of what is installed; 0: not from the fleet
  std::optional<CertificateRecord> installed = std::nullopt;
  std::optional<CertificateRecord> in_use = std::nullopt;
  TimePoint since = {};  // in this state

  bool operator==(const MemberRecord&) const = default;
};

// One line of JSON each; times are seconds since the epoch, as in the state's files. For `Published`: two lines.
std::string serialize(const RenewalRecord& record);
std::string serialize(const Rollout& rollout);
std::string serialize(const MemberRecord& record);
std::string serialize(const Published& published);
// The first line of a Published: what sealing is bound to.
std::string header_line(const Header& header);

// Why a value is not used: the field `reason` of the event fleet_value_refused.
enum class Refusal { wrong_key, tampered, replayed, too_large, newer_version, wrong_account };
std::string_view to_string(Refusal refusal);

struct RefusedValue {
  Refusal refusal;
  std::string message;
};

template <typename T>
using Accepted = tl::expected<T, RefusedValue>;

// Unknown members are ignored; a value that needs a newer reader ("min_reader") is newer_version, any other that cannot
// be parsed is tampered, as are names with control characters and times out of range. Texts for people are made
// printable.
Accepted<RenewalRecord> parse_renewal(std::string_view text);
Accepted<Rollout> parse_rollout(std::string_view text);
Accepted<MemberRecord> parse_member(std::string_view text);
Accepted<Published> parse_published(std::string_view text);

}  // namespace renewd::fleet
