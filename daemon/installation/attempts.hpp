// What is remembered of a certificate's attempts from one start of the daemon to the next, so that a restart neither
// forgets a failure nor begins a storm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "installation/state.hpp"

namespace renewd::installation {

struct Attempts {
  unsigned failures_in_a_row = 0;
  std::string last_failure;      // its class, and
  std::string last_message;      // its words; empty after a success
  bool by_hand = false;          // it was a command's, without a daemon
  TimePoint not_before{};        // the next attempt is not before this moment
  bool after_success = false;    // which a success has chosen: what is unfinished need not wait for it
  int days_announced = 0;        // the last threshold that certificate_expiring told of
  TimePoint expiry_announced{};  // when certificate_expired was last told
  // What only the daemon knows, whose user may read less than root: why it could not open the keystore, or use the
  // account token, when it last looked; empty: it could.
  std::string unreadable;
  std::string token_problem;
  TimePoint token_seen_at{};  // with a problem

  // Neither moves `not_before`.
  void add_failure(const Error& error);
  void forget_failures();

  bool operator==(const Attempts&) const = default;
};

class AttemptStore {
 public:
  // `filesystem` must outlive this object.
  AttemptStore(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Nothing remembered, or nothing that can be trusted, is a fresh start.
  Attempts load() const;
  // Durable when it returns. Creates the directory. Times are kept to the second, that of
  // the token to the microsecond. Nothing to remember is no file.
  Result<void> save(const Attempts& attempts);

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

// When the cloud was asked for this certificate, for requests_per_day. Written before each request.
class RequestLog {
 public:
  // `filesystem` must outlive this object.
  RequestLog(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Those of the last day, oldest first. One in the future was made by a clock that has been set back since: it counts
  // as made at `now`, and is kept so.
  std::vector<TimePoint> load(TimePoint now);
  // The same for whoever only looks.
  std::vector<TimePoint> peek(TimePoint now) const { return read(now).requests; }
  // Durable when it returns.
  Result<void> add(TimePoint now);

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

}  // namespace renewd::installation
