#include "gateway/unit_state.hpp"

#include <sys/wait.h>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::gateway {

UnitState to_state(const UnitProperties& properties) {
  UnitState state;
  state.name = properties.text("Id");
  state.active_state = properties.text("ActiveState");
  state.sub_state = properties.text("SubState");
  state.invocation = properties.text("InvocationID");
  state.result = properties.text("Result");
  state.restart_policy = properties.text("Restart");
  state.status_text = printable(properties.text("StatusText"));
  state.status_errno = static_cast<int>(properties.number("StatusErrno"));
  state.exit_status = static_cast<int>(properties.number("ExecMainStatus"));
  const auto code = properties.number("ExecMainCode");  // si_code of SIGCHLD
  state.ended_by_signal = code == CLD_KILLED || code == CLD_DUMPED;
  state.has_job = properties.number("Job") != 0;
  state.main_pid = static_cast<pid_t>(properties.number("MainPID"));
  state.automatic_restarts = properties.number("NRestarts");
  state.start_began = properties.number("InactiveExitTimestampMonotonic");
  state.became_active = properties.number("ActiveEnterTimestampMonotonic");
  state.stop_began = properties.number("ActiveExitTimestampMonotonic");
  state.main_process_ended = properties.number("ExecMainExitTimestampMonotonic");
  state.main_process_started = properties.number("ExecMainStartTimestampMonotonic");
  state.main_process_started_at = properties.number("ExecMainStartTimestamp");
  return state;
}

bool UnitState::running() const {
  return active_state != "inactive" && active_state != "failed" && active_state != "deactivating";
}

bool UnitState::up() const {
  // "refreshing" came with systemd 257.
  return active_state == "active" || active_state == "reloading" || active_state == "refreshing";
}

bool UnitState::changing() const {
  const bool in_transition = active_state == "activating" || active_state == "deactivating";
  return (has_job && !up()) || (in_transition && !restarts_by_itself());
}

bool UnitState::was_stopped() const {
  const bool ended = active_state == "inactive" || active_state == "failed";
  // systemd stopped it on its own.
  const bool by_itself = result == "watchdog" || result == "oom-kill" || result == "start-limit-hit";
  if (active_state == "inactive" && job_ended) {
    return true;
  }
  return ended && !by_itself && start_began < stop_began && stop_began < main_process_ended;
}

bool UnitState::started_since(const UnitState& before) const {
  if (!invocation.empty() && !before.invocation.empty()) {
    return invocation != before.invocation;
  }
  // Assume a restart if there is no main process to compare (MainPID=0).
  return before.main_pid == 0 || main_pid != before.main_pid;
}

std::string UnitState::description() const {
  std::string text = "ActiveState=" + active_state;
  if (exit_status != 0) {
    text += fmt::format(", {} {}", ended_by_signal ? "ended by signal" : "exit status", exit_status);
  }
  if (status_errno != 0) {
    text += fmt::format(", errno {}", status_errno);
  }
  if (!status_text.empty()) {
    text += fmt::format(", status \"{}\"", status_text);
  }
  return text;
}

}  // namespace renewd::gateway
