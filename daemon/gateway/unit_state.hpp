// What systemd says of one unit at one moment, and what that means.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "gateway/unit_properties.hpp"

namespace renewd::gateway {

struct UnitState {
  // The unit's own name, whatever alias it was asked for by: systemd's jobs, polkit and the journal know no other.
  std::string name;
  std::string active_state;    // "active", "activating", "inactive", "failed", …
  std::string sub_state;       // "running", "auto-restart", …
  std::string invocation;      // another one for each start; empty where the unit has never run
  std::string result;          // "success", "exit-code", "watchdog", …
  std::string restart_policy;  // Restart=: "no", "on-failure", "always", …
  std::string status_text;     // what the service said with STATUS=
  int status_errno = 0;        // what it said with ERRNO=
  int exit_status = 0;         // of the last main process; a signal's number if one ended it
  bool ended_by_signal = false;
  bool has_job = false;    // systemd is to start, stop or reload it
  bool job_ended = false;  // such a job has come to its end since it was last seen up (SystemdUnits::watch_jobs)
  pid_t main_pid = 0;
  std::int64_t automatic_restarts = 0;
  // By systemd's monotonic clock, in microseconds; 0 for never.
  std::int64_t start_began = 0;
  std::int64_t stop_began = 0;
  std::int64_t main_process_ended = 0;

  bool running() const;
  // Its service works: also while it reloads.
  bool up() const;
  // It is being started or stopped, or is about to be; not while systemd waits to start what has ended by itself.
  bool changing() const;
  bool restarts_by_itself() const { return sub_state.starts_with("auto-restart"); }
  // It was up, and systemd was asked to stop it: then the stop comes before the end of the main process. The status of
  // that process says nothing: a JVM ends with 143 both ways. Systemd forgets at once what nobody wants and has ended
  // cleanly, and knows no such times of what it was about to start again: there a job that has ended was the stop.
  bool was_stopped() const;
  // systemd remembers no run of it: it forgets a unit that has ended without failing and that nothing refers to.
  bool is_forgotten() const { return active_state == "inactive" && start_began == 0; }
  // Whether it runs, or ran, by another start than at that time.
  bool started_since(const UnitState& before) const;
  // For messages: "ActiveState=failed, exit status 3".
  std::string description() const;
};

UnitState to_state(const UnitProperties& properties);

}  // namespace renewd::gateway
