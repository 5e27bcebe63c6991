// The state of one unit at one moment, and what it means.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "gateway/unit_properties.hpp"

namespace renewd::gateway {

struct UnitState {
  // The unit's own name, even if it was requested by an alias: systemd's jobs, polkit and the journal use only this
  // one.
  std::string name;
  std::string active_state;    // "active", "activating", "inactive", "failed", …
  std::string sub_state;       // "running", "auto-restart", …
  std::string invocation;      // its ID, new for each start; empty if the unit has never run
  std::string result;          // "success", "exit-code", "watchdog", …
  std::string restart_policy;  // Restart=: "no", "on-failure", "always", …
  std::string status_text;     // from the service's STATUS=
  int status_errno = 0;        // from its ERRNO=
  int exit_status = 0;         // of the last main process; or the number of the signal that ended it
  bool ended_by_signal = false;
  bool has_job = false;    // systemd is about to start, stop or reload it
  bool job_ended = false;  // such a job has ended since the unit was last up (SystemdUnits::watch_jobs)
  pid_t main_pid = 0;
  std::int64_t automatic_restarts = 0;
  // Microseconds of the monotonic clock; 0 for never.
  std::int64_t start_began = 0;
  std::int64_t became_active = 0;
  std::int64_t stop_began = 0;
  std::int64_t main_process_ended = 0;
  std::int64_t main_process_started = 0;
  // The same by the wall clock.
  std::int64_t main_process_started_at = 0;

  bool running() const;
  // Active, or reloading.
  bool up() const;
  // Being started or stopped, or about to be; but not while systemd waits before an automatic restart.
  bool changing() const;
  bool restarts_by_itself() const { return sub_state.starts_with("auto-restart"); }
  // Stopped on request: the stop began before the main process ended. Its exit status does not help: a JVM ends with
  // 143 either way. systemd has no such times for a unit that it has unloaded, or that was waiting for an automatic
  // restart: then an ended job means that it was stopped.
  bool was_stopped() const;
  // systemd has unloaded the unit, because it ended successfully and no other unit refers to it.
  bool is_forgotten() const { return active_state == "inactive" && start_began == 0; }
  // Whether this is another run than `before`.
  bool started_since(const UnitState& before) const;
  // For messages: "ActiveState=failed, exit status 3".
  std::string description() const;
};

UnitState to_state(const UnitProperties& properties);

}  // namespace renewd::gateway
