// What a restart of the daemon must not forget about a certificate's renewals: failures, the time of the next attempt,
// what has been logged, and the requests of the last day.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "state/paths.hpp"

namespace renewd::state {

struct RetryState {
  unsigned failures_in_a_row = 0;
  std::string last_failure;      // its class; empty after a success
  std::string last_message;      // its message
  std::string last_advice;       // Error::advice
  bool by_hand = false;          // a command failed, not the daemon
  TimePoint failing_since{};     // when the first of them failed; the epoch: unknown
  TimePoint failed_at{};         // when the last of them did
  TimePoint not_before{};        // the earliest time of the next attempt
  bool after_success = false;    // `not_before` follows a success: an unfinished renewal does not wait for it
  int days_announced = 0;        // the last threshold that certificate_expiring logged
  TimePoint expiry_announced{};  // when certificate_expired was last logged
  // When the certificate expires that was last read from the keystore; the epoch: unknown.
  TimePoint known_not_after{};
  TimePoint run_at{};  // when `renew` last ended, if a timer runs it (schedule.run_by)

  // Neither changes `not_before`.
  void add_failure(const Error& error, TimePoint now);
  void forget_failures();

  bool operator==(const RetryState&) const = default;
};

class RetryStateStore {
 public:
  // `filesystem` must outlive this object.
  RetryStateStore(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Defaults if nothing is stored, or the file is invalid.
  RetryState load() const;
  // Durable when it returns. Creates the directory. Stores times to the second. Defaults remove the
  // file.
  Result<void> save(const RetryState& attempts);

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

// When this certificate was requested, for requests_per_day. Written before each request.
class RequestLog {
 public:
  // `filesystem` must outlive this object.
  RequestLog(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Those of the last day, oldest first. One in the future was made before the clock was set back: it counts as made at
  // `now`, and is stored so.
  std::vector<TimePoint> load(TimePoint now);
  // The same, without writing.
  std::vector<TimePoint> peek(TimePoint now) const { return read(now).requests; }
  // Durable once the directory is synced.
  Result<void> add(TimePoint now);
  // The request that was added last was not sent.
  Result<void> take_back(TimePoint now);

 private:
  struct Contents {
    std::vector<TimePoint> requests;
    bool from_the_future = false;
  };
  Contents read(TimePoint now) const;
  Result<void> save(const std::vector<TimePoint>& requests);

  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::state
