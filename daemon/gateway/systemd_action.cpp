#include "gateway/systemd_action.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/unit_check.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using Setting = configuration::SystemdGateway::Action;
using Job = SystemdUnits::Job;

// For a job that other jobs replace.
constexpr int kMaxAttempts = 3;
constexpr std::chrono::milliseconds kRetryDelay{500};

// Explains a job result (org.freedesktop.systemd1(5), JobRemoved).
std::string explain(const std::string& result) {
  if (result == "failed") {
    return "it did not start";
  }
  if (result == "timeout") {
    return "its start timed out";
  }
  if (result == "canceled") {
    return "another job replaced this one";
  }
  if (result == "dependency") {
    return "a unit that it depends on did not start";
  }
  if (result == "skipped") {
    return "systemd skipped the job";
  }
  return "the job ended with \"" + printable(result) + "\"";
}

std::string joined(std::string text, const std::string& more) {
  return text.empty() ? more : text + "; " + more;
}

Activation not_running(const std::string& unit) {
  return {Use::not_running, unit + " is not running: it will use the new certificate when it starts"};
}

bool contains(const std::vector<std::string>& units, const std::string& unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

}  // namespace

bool SystemdAction::Restart::in_doubt() const {
  return !end.doubt.empty() || end.result == "canceled";
}

std::string SystemdAction::failure_reason(const Restart& restart, const UnitState& before) {
  if (!restart.end.doubt.empty()) {
    return restart.end.doubt;
  }
  if (restart.end.result.empty()) {
    return "it has not finished starting yet; systemd continues the job";
  }
  if (restart.end.result != "done") {
    return explain(restart.end.result);
  }
  return restart.after.up() ? fmt::format("its main process is still {}", before.main_pid) : "it is not active";
}

SystemdAction::SystemdAction(const asio::any_io_executor& executor, configuration::SystemdGateway settings,
                             std::chrono::seconds timeout)
    : executor_(executor), settings_(std::move(settings)), timeout_(timeout) {
  for (auto& unit : settings_.units) {
    unit = service_name(unit);
  }
}

std::string SystemdAction::description() const {
  std::string text = settings_.action == Setting::restart ? "restart" : "try-restart";
  for (const auto& unit : settings_.units) {
    text += " " + unit;
  }
  return text;
}

asio::awaitable<Result<Units>> SystemdAction::units() {
  CO_TRY_LET(auto systemd, SystemdUnits::connect(executor_));
  CO_TRY_LET(const auto states, co_await systemd->states(settings_.units, steady_clock::now() + kQuestionTimeout));
  co_return units_of(states);
}

asio::awaitable<Result<std::optional<GatewayState>>> SystemdAction::state(std::chrono::seconds stays_up_for) {
  CO_TRY_LET(auto systemd, SystemdUnits::connect(executor_));
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  // One that does not exist hides no other that has failed.
  std::vector<UnitState> units;
  for (const auto& name : settings_.units) {
    auto unit = co_await systemd->states({name}, deadline);
    if (unit) {
      std::ranges::move(*unit, std::back_inserter(units));
    } else if (unit.error().kind != ErrorKind::gateway) {
      co_return tl::unexpected(std::move(unit.error()));
    }
  }
  co_return state_of(std::move(units), {.stays_up_for = stays_up_for});
}

asio::awaitable<Result<Activation>> SystemdAction::activate(GatewaySnapshot before) {
  const Deadline deadline = steady_clock::now() + timeout_;
  started_.clear();
  acted_ = false;
  end_checks();
  CO_TRY_LET(auto systemd, SystemdUnits::connect(executor_));
  CO_TRY_LET(const auto units, co_await systemd->states(settings_.units, deadline));
  Activation all{Use::not_running, ""};
  for (const auto& unit : units) {
    // By name, not by its state so far: restarting one unit may stop another.
    CO_TRY_LET(const Activation one, co_await activate_unit(*systemd, unit.name, before, deadline));
    if (one.use == Use::in_use) {
      all.use = Use::in_use;
    }
    all.message = joined(all.message, one.message);
  }
  // The verification uses the same connection, which has received the end of every job since the restart.
  if (all.use == Use::in_use) {
    watched_ = std::move(systemd);
  }
  co_return all;
}

asio::awaitable<Result<Activation>> SystemdAction::activate_unit(SystemdUnits& systemd, std::string unit,
                                                                 GatewaySnapshot before, Deadline deadline) {
  CO_TRY_LET(UnitState now, co_await systemd.state(unit, deadline));
  const bool in_transition = now.active_state == "deactivating" || (now.has_job && !now.running());
  if (in_transition || was_started_since(now, before)) {
    CO_TRY_LET(now, co_await systemd.settled(unit, deadline));
  }
  if (was_started_since(now, before) && now.up()) {
    co_return adopt(now);
  }
  // By an operator, not by our own failed restart.
  const bool stopped = settings_.action == Setting::try_restart && now.was_stopped() && !left_down_.contains(unit);
  const bool must_run = settings_.action == Setting::restart || contains(before.running, unit);
  if (!now.running() && (!must_run || stopped)) {
    co_return not_running(unit);
  }
  co_return co_await restart(systemd, now, deadline);
}

Activation SystemdAction::adopt(const UnitState& now) {
  started_[now.name] = now;
  return Activation{
      Use::in_use, fmt::format("{} was already restarted with this keystore, main process {}", now.name, now.main_pid)};
}

// Runs a job again if another job replaced it, or its end was missed, and the unit was not restarted.
asio::awaitable<Result<SystemdAction::Restart>> SystemdAction::run_job(SystemdUnits& systemd, UnitState before,
                                                                       Deadline deadline) {
  acted_ = true;
  const bool only_if_running = settings_.action == Setting::try_restart && before.running();
  const Job job = only_if_running ? Job::try_restart : Job::restart;
  for (int attempt = 1;; ++attempt) {
    CO_TRY_LET(SystemdUnits::JobEnd end, co_await systemd.run(job, before.name, deadline));
    CO_TRY_LET(UnitState after, co_await systemd.settled(before.name, deadline));
    Restart restart{std::move(end), std::move(after)};
    const bool had_no_effect = restart.in_doubt() && restart.after.up() && !restart.after.started_since(before);
    const auto retry_at = steady_clock::now() + kRetryDelay;
    if (!had_no_effect || attempt == kMaxAttempts || retry_at >= deadline) {
      co_return restart;
    }
    CO_TRY(co_await systemd.wait_until(retry_at));
  }
}

asio::awaitable<Result<Activation>> SystemdAction::restart(SystemdUnits& systemd, UnitState before, Deadline deadline) {
  const auto began = steady_clock::now();
  CO_TRY_LET(const Restart restart, co_await run_job(systemd, before, deadline));
  const UnitState& after = restart.after;
  const std::string elapsed = format_duration(std::chrono::round<std::chrono::seconds>(steady_clock::now() - began));
  const std::string& result = restart.end.result;
  const bool may_have_worked = result == "done" || restart.in_doubt();
  if (may_have_worked && after.up() && after.started_since(before)) {
    UnitState& started = started_[after.name] = after;
    left_down_.erase(after.name);
    if (before.active_state != "activating") {
      // The job has reset systemd's counter: it counts only later restarts.
      started.automatic_restarts = 0;
    }
    co_return Activation{Use::in_use,
                         fmt::format("restarted {} in {}, main process {}", after.name, elapsed, after.main_pid)};
  }
  const bool stopped = after.was_stopped() || (result == "canceled" && !after.running() && !after.changing());
  if (may_have_worked && stopped) {
    co_return not_running(after.name);
  }
  // Still the same run: the job never reached it.
  const bool untouched = !restart.end.doubt.empty() && after.up() && !after.started_since(before);
  if (!untouched) {
    left_down_.insert(after.name);
  }
  co_return failure(untouched ? kInconclusive : ErrorKind::gateway,
                    fmt::format("restarting {}: {} ({}, after {}); see journalctl -u {}", after.name,
                                failure_reason(restart, before), after.description(), elapsed, after.name));
}

asio::awaitable<Result<CheckResult>> SystemdAction::check(GatewaySnapshot before) {
  if (!watched_) {
    CO_TRY_LET(watched_, SystemdUnits::connect(executor_));
  }
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  CO_TRY(co_await watched_->watch_jobs_if_possible(deadline));
  const auto units = co_await watched_->states(settings_.units, deadline);
  if (!units && units.error().kind == ErrorKind::gateway) {
    co_return CheckResult{Verdict::not_yet, units.error().message};
  }
  if (!units) {
    co_return tl::unexpected(units.error());
  }
  CheckResult all{Verdict::passed, ""};
  Result<CheckResult> one = all;
  bool any_stopped = false;
  bool any_remaining = false;
  for (const auto& now : *units) {
    const bool must_run =
        settings_.action == Setting::restart || started_.contains(now.name) || contains(before.running, now.name);
    if (!must_run && !now.running()) {
      all.message = joined(all.message, now.name + " is not running");
      continue;
    }
    one = check_unit(started_.try_emplace(now.name, now).first->second, now);
    if (!one) {
      break;
    }
    any_stopped = any_stopped || one->verdict == Verdict::stopped;
    any_remaining = any_remaining || one->verdict != Verdict::stopped;
    if (one->verdict == Verdict::restarting) {
      all.verdict = Verdict::restarting;
    }
    all.message = joined(all.message, one->message);
  }
  if (!one) {
    co_return tl::unexpected(one.error());
  }
  if (any_stopped && !any_remaining) {
    all.verdict = Verdict::stopped;
  }
  co_return all;
}

asio::awaitable<Result<std::string>> SystemdAction::rehearse() {
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  CO_TRY_LET(auto systemd, SystemdUnits::connect(executor_));
  // A roll-back must start units that failed to start, which try-restart does not.
  std::vector<Job> jobs{Job::restart};
  if (settings_.action == Setting::try_restart) {
    jobs.push_back(Job::try_restart);
  }
  CO_TRY_LET(const auto units, co_await systemd->states(settings_.units, deadline));
  std::string message;
  for (const auto& unit : units) {
    for (const Job job : jobs) {
      CO_TRY(co_await systemd->check_permission(job, unit.name, deadline));
    }
    message = joined(message, fmt::format("may restart {} ({})", unit.name, unit.active_state));
  }
  co_return message;
}

}  // namespace renewd::gateway
