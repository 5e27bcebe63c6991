#include "gateway/signal_action.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/pid_file.hpp"
#include "gateway/unit_check.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRestartPollInterval{250};

std::string name_of(const std::filesystem::path& pid_file) {
  return "pid file " + pid_file.string();
}

}  // namespace

SignalAction::SignalAction(const asio::any_io_executor& executor, configuration::SignalGateway settings,
                           std::chrono::seconds timeout)
    : executor_(executor), settings_(std::move(settings)), timeout_(timeout) {
  if (const auto* unit = std::get_if<std::string>(&settings_.target)) {
    unit_ = service_name(*unit);
  }
}

std::string SignalAction::description() const {
  const auto* pid_file = std::get_if<std::filesystem::path>(&settings_.target);
  return fmt::format("send {} to {}", signal_name(settings_.signal),
                     pid_file == nullptr ? unit_ : "the process of " + pid_file->string());
}

bool SignalAction::terminates() const {
  return settings_.signal == SIGTERM || settings_.signal == SIGINT || settings_.signal == SIGKILL ||
         settings_.signal == SIGQUIT || settings_.signal == SIGABRT;
}

Result<std::unique_ptr<SystemdUnits>> SignalAction::connect() const {
  return unit_.empty() ? nullptr : SystemdUnits::connect(executor_);
}

asio::awaitable<Result<Units>> SignalAction::units() {
  CO_TRY_LET(const auto systemd, connect());
  if (!systemd) {
    co_return Units();
  }
  CO_TRY_LET(const auto states, co_await systemd->states({unit_}, steady_clock::now() + kQuestionTimeout));
  co_return units_of(states);
}

asio::awaitable<Result<std::optional<GatewayState>>> SignalAction::state(std::chrono::seconds stays_up_for) {
  CO_TRY_LET(const auto systemd, connect());
  if (!systemd) {
    co_return std::nullopt;
  }
  const auto states = co_await systemd->states({unit_}, steady_clock::now() + kQuestionTimeout);
  if (states && terminates()) {
    const auto restarts = states->front().automatic_restarts;
    requested_restarts_ = std::min(requested_restarts_.value_or(restarts), restarts);
  }
  co_return state_of(states, {.stays_up_for = stays_up_for, .requested_restarts = requested_restarts_.value_or(0)});
}

asio::awaitable<Result<Activation>> SignalAction::activate(GatewaySnapshot before) {
  const Deadline deadline = steady_clock::now() + timeout_;
  started_.reset();
  acted_ = false;
  CO_TRY_LET(const auto systemd, connect());
  if (systemd) {
    CO_TRY_LET(const UnitState now, co_await systemd->state(unit_, deadline));
    // A unit that is stopping, because of an earlier process's signal, or was restarted since gets no second signal.
    const bool pending = now.restarts_by_itself() || now.active_state == "deactivating";
    if ((pending || was_started_since(now, before)) && (now.running() || now.changing())) {
      // systemd counts a restart when it begins.
      co_return co_await await_restart(*systemd, 0, now.automatic_restarts + (pending ? 1 : 0), deadline);
    }
  }
  CO_TRY_LET(auto target, co_await find_target(systemd.get(), deadline));
  if (!target) {
    co_return co_await explain_absence(*systemd, before, deadline);
  }
  acted_ = true;
  const ProcessHandle& process = target->process;
  CO_TRY(send_signal(process.descriptor, process.pid, settings_.signal).map_error([&](Error error) {
    return with_context(target->name, std::move(error));
  }));
  if (systemd && terminates()) {
    co_return co_await await_restart(*systemd, process.pid, target->automatic_restarts + 1, deadline);
  }
  co_return Activation{Use::not_confirmed,
                       fmt::format("sent {} to process {} of {}; the daemon cannot check whether it uses the new "
                                   "certificate",
                                   signal_name(settings_.signal), process.pid, target->name)};
}

// For a unit that is not running. It stays down if an operator stopped it; if it ended by itself, maybe after an
// earlier activation, the activation fails.
asio::awaitable<Result<Activation>> SignalAction::explain_absence(SystemdUnits& systemd, GatewaySnapshot before,
                                                                  Deadline deadline) {
  CO_TRY_LET(const UnitState now, co_await systemd.settled(unit_, deadline));
  if (now.up()) {
    started_ = now;
    co_return Activation{
        Use::in_use, fmt::format("{} was already started with this keystore, main process {}", unit_, now.main_pid)};
  }
  if (before.running.empty() || now.was_stopped() || now.is_forgotten()) {
    co_return Activation{Use::not_running, unit_ + " is not running: it will use the new certificate when it starts"};
  }
  co_return failure(ErrorKind::gateway,
                    fmt::format("{} ended unexpectedly ({}), and a signal cannot start it: run systemctl start {}; see "
                                "journalctl -u {}",
                                unit_, now.description(), now.name, now.name));
}

asio::awaitable<Result<std::optional<SignalAction::Target>>> SignalAction::find_target(SystemdUnits* systemd,
                                                                                       Deadline deadline) {
  if (const auto* pid_file = std::get_if<std::filesystem::path>(&settings_.target)) {
    CO_TRY_LET(ProcessHandle process, open_process_of(*pid_file));
    co_return as_target(name_of(*pid_file), std::move(process), settings_.signal);
  }
  CO_TRY_LET(const UnitState state, co_await systemd->state(unit_, deadline));
  if (terminates() && state.restart_policy == "no") {
    co_return failure(ErrorKind::gateway,
                      fmt::format("{} has Restart=no: systemd would not restart it after {}; use gateway.systemd",
                                  unit_, signal_name(settings_.signal)));
  }
  if (!state.running()) {
    co_return std::nullopt;
  }
  if (state.main_pid <= 1) {
    co_return failure(ErrorKind::gateway, unit_ + " has no main process (" + state.description() + ")");
  }
  auto descriptor = open_process(state.main_pid);
  Result<Target> target = descriptor
                              ? as_target(state.name, {state.main_pid, std::move(*descriptor)}, settings_.signal)
                              : Result<Target>(tl::unexpected(with_context(state.name, std::move(descriptor.error()))));
  // If the number was reused before the process was opened, the unit has another main process now.
  CO_TRY_LET(const UnitState again, co_await systemd->state(unit_, deadline));
  if (again.main_pid != state.main_pid) {
    co_return failure(ErrorKind::gateway, unit_ + " is being restarted externally");
  }
  if (target) {
    target->automatic_restarts = state.automatic_restarts;
  }
  co_return target;
}

// Refuses a signal that would only terminate the process.
Result<SignalAction::Target> SignalAction::as_target(std::string name, ProcessHandle process, int signal) {
  const bool harmful = signal == SIGHUP || signal == SIGUSR2;
  if (harmful) {
    TRY(check_visible(process).map_error([&](Error error) { return with_context(name, std::move(error)); }));
  }
  if (harmful && runs_java(process.pid)) {
    return failure(ErrorKind::gateway,
                   fmt::format("{}: process {} is a JVM, which does not reload on {} but exits; use gateway.systemd",
                               name, process.pid, signal_name(signal)));
  }
  return Target{std::move(name), std::move(process)};
}

Result<void> SignalAction::check_permission(const Target& target) {
  return send_signal(target.process.descriptor, target.process.pid, 0).map_error([&](Error error) {
    return with_context(target.name, std::move(error));
  });
}

Result<void> SignalAction::check_pid_file(const std::filesystem::path& pid_file, int signal, OtherProcesses others) {
  TRY_LET(auto process, open_process_of(pid_file));
  const pid_t pid = process.pid;
  TRY_LET(const Target target, as_target(name_of(pid_file), std::move(process), signal));
  TRY(check_permission(target));
  if (others == OtherProcesses::hidden && !is_inspectable(pid)) {
    return failure(ErrorKind::gateway, fmt::format("{}: process {} is hidden from the service ({}); {}", target.name,
                                                   pid, kWhyHidden, kHowToUnhide));
  }
  return {};
}

asio::awaitable<Result<Activation>> SignalAction::await_restart(SystemdUnits& systemd, pid_t old_pid,
                                                                std::int64_t restarts, Deadline deadline) {
  const auto failed = [&](const UnitState& now, const std::string& why) {
    const std::string sent =
        old_pid == 0 ? "" : fmt::format("sent {} to process {}: ", signal_name(settings_.signal), old_pid);
    return failure(ErrorKind::gateway,
                   fmt::format("{}{} {} ({}); see journalctl -u {}", sent, unit_, why, now.description(), now.name));
  };
  while (true) {
    CO_TRY(co_await systemd.watch_jobs_if_possible(steady_clock::now() + kQuestionTimeout));
    CO_TRY_LET(const UnitState now, co_await systemd.state(unit_, steady_clock::now() + kQuestionTimeout));
    if (now.up() && now.main_pid != 0 && now.main_pid != old_pid) {
      started_ = now;
      // Further restarts are crashes. An external restart resets the counter.
      started_->automatic_restarts = std::min(now.automatic_restarts, restarts);
      requested_restarts_ = started_->automatic_restarts;
      if (old_pid == 0) {
        co_return Activation{
            Use::in_use,
            fmt::format("systemd has already restarted {} with this keystore, main process {}", unit_, now.main_pid)};
      }
      co_return Activation{Use::in_use, fmt::format("sent {} to process {}; systemd restarted {}, main process {}",
                                                    signal_name(settings_.signal), old_pid, unit_, now.main_pid)};
    }
    if (now.was_stopped()) {
      co_return Activation{Use::not_running, unit_ + " was stopped: it will use the new certificate when it starts"};
    }
    const bool is_down = !now.running() && !now.changing();
    if (is_down) {
      co_return failed(now, "ended, and systemd does not restart it");
    }
    if (steady_clock::now() >= deadline) {
      co_return failed(now, fmt::format("was not active again after {}", format_duration(timeout_)));
    }
    CO_TRY(co_await systemd.wait_until(steady_clock::now() + kRestartPollInterval));
  }
}

asio::awaitable<Result<CheckResult>> SignalAction::check(GatewaySnapshot before) {
  if (!can_check(before)) {
    co_return CheckResult{Verdict::passed, "the daemon cannot check whether the process uses the new certificate"};
  }
  if (!watched_) {
    CO_TRY_LET(watched_, SystemdUnits::connect(executor_));
  }
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  CO_TRY(co_await watched_->watch_jobs_if_possible(deadline));
  const Result<UnitState> now = co_await watched_->state(unit_, deadline);
  if (!now && now.error().kind == ErrorKind::gateway) {
    co_return CheckResult{Verdict::not_yet, now.error().message};
  }
  if (!now) {
    co_return tl::unexpected(now.error());
  }
  if (!started_) {
    started_ = *now;
  }
  co_return check_unit(*started_, *now);
}

asio::awaitable<Result<std::string>> SignalAction::rehearse() {
  CO_TRY_LET(const auto systemd, connect());
  CO_TRY_LET(auto target, co_await find_target(systemd.get(), steady_clock::now() + kQuestionTimeout));
  if (!target) {
    co_return unit_ + " is not running";
  }
  CO_TRY(check_permission(*target));
  const pid_t pid = target->process.pid;
  std::string message =
      fmt::format("may send {} to process {} of {}", signal_name(settings_.signal), pid, target->name);
  if (unit_.empty() && !is_inspectable(pid)) {
    message += fmt::format("; the service may not ({}): {}", kWhyHidden, kHowToUnhide);
  }
  co_return message;
}

}  // namespace renewd::gateway
