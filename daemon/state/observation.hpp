// What the running daemon found at its last check, from inside its service's sandbox. A command that root runs may read
// and write more than the service, so it cannot find these problems itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/filesystem.hpp"
#include "state/fleet_status.hpp"
#include "state/paths.hpp"

namespace renewd::state {

// Each text says why; empty if nothing is wrong.
struct Observation {
  std::optional<Problem> keystore;      // cannot be opened
  std::optional<Problem> token;         // would make a renewal fail
  std::optional<Problem> replacement;   // of the keystore is not possible
  std::optional<Problem> state;         // cannot be written
  std::optional<Problem> activation;    // of the gateway is not possible: a unit is missing, or may not be restarted
  std::optional<Problem> health_check;  // of the gateway is not possible
  std::optional<Problem> health;        // the gateway runs, and its health check fails
  std::optional<Problem> ca_file;       // cannot be used
  // When the configuration that is in effect had been modified (to the microsecond).
  std::optional<TimePoint> configuration;
  // When the account token expires, if it says so.
  std::optional<std::chrono::sys_seconds> token_not_after;
  // When the token's file was last changed (to the microsecond), if it is a file that the service can see.
  std::optional<TimePoint> token_changed;
  // Nothing without a fleet.
  std::optional<FleetStatus> fleet = std::nullopt;

  // Whether a renewal would fail: all but `health`, which a restart for the renewal may even improve.
  bool prevents_renewal() const;

  bool operator==(const Observation&) const = default;
};

class ObservationStore {
 public:
  // `filesystem` must outlive this object.
  ObservationStore(Filesystem& filesystem, StatePaths paths) : filesystem_(filesystem), paths_(std::move(paths)) {}

  // Nothing is wrong if nothing is stored, or the file is invalid.
  Observation load() const;
  // Writes only what differs from the file. If nothing is wrong and nothing known, removes it.
  Result<void> save(const Observation& observation);

 private:
  Filesystem& filesystem_;
  StatePaths paths_;
};

}  // namespace renewd::state
