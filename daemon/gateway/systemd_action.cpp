#include "gateway/systemd_action.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "gateway/unit_check.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using Setting = configuration::SystemdGateway::Action;
using Job = SystemdUnits::Job;

// What systemd's job results mean (man org.freedesktop.systemd1, JobRemoved).
std::string explain(const std::string& result) {
  if (result == "failed") {
    return "it did not start";
  }
  if (result == "timeout") {
    return "systemd gave up waiting for it to start";
  }
  if (result == "canceled") {
    return "another job took the place of ours";
  }
  if (result == "dependency") {
    return "a unit that it depends on did not start";
  }
  if (result == "skipped") {
    return "systemd skipped the job";
  }
  return "the job ended with \"" + printable(result) + "\"";
}

// A service without a main process to compare (MainPID=0 both times) is believed.
bool same_process(const UnitState& before, const UnitState& after) {
  return before.main_pid != 0 && before.main_pid == after.main_pid;
}

std::string joined(std::string text, const std::string& more) {
  return text.empty() ? more : text + "; " + more;
}

bool contains(const std::vector<std::string>& units, const std::string& unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

}  // namespace

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

asio::awaitable<Result<std::vector<std::string>>> SystemdAction::running() {
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  const auto states = co_await (*systemd)->states(settings_.units, steady_clock::now() + kQuestionTimeout);
  if (!states) {
    co_return tl::unexpected(states.error());
  }
  std::vector<std::string> running;
  for (const auto& unit : *states) {
    if (unit.running()) {
      running.push_back(unit.name);
    }
  }
  co_return running;
}

asio::awaitable<Result<Activation>> SystemdAction::activate(Before before) {
  const Deadline deadline = steady_clock::now() + timeout_;
  started_.clear();
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  const auto units = co_await (*systemd)->states(settings_.units, deadline);
  if (!units) {
    co_return tl::unexpected(units.error());
  }
  Activation whole{Use::not_running, ""};
  for (const auto& unit : *units) {
    const bool must_run = settings_.action == Setting::restart || contains(before.running, unit.name);
    // Its state is asked for again: the restart of one unit may stop another.
    const Result<Activation> one = co_await activate_unit(**systemd, unit.name, must_run, deadline);
    if (!one) {
      co_return tl::unexpected(one.error());
    }
    if (one->use == Use::in_use) {
      whole.use = Use::in_use;
    }
    whole.message = joined(whole.message, one->message);
  }
  co_return whole;
}

asio::awaitable<Result<Activation>> SystemdAction::activate_unit(SystemdUnits& systemd, std::string unit, bool must_run,
                                                                 Deadline deadline) {
  const Result<UnitState> before = co_await systemd.state(unit, deadline);
  if (!before) {
    co_return tl::unexpected(before.error());
  }
  if (!before->running() && !must_run) {
    co_return Activation{Use::not_running, unit + " is not running: it will use the new certificate when it starts"};
  }
  co_return co_await restart(systemd, unit, *before, deadline);
}

asio::awaitable<Result<Activation>> SystemdAction::restart(SystemdUnits& systemd, std::string unit, UnitState before,
                                                           Deadline deadline) {
  const auto began = steady_clock::now();
  const auto elapsed = [began] {
    return format_duration(std::chrono::round<std::chrono::seconds>(steady_clock::now() - began));
  };
  const auto failed = [&](const std::string& why, const UnitState& state) {
    return failure(ErrorKind::gateway, fmt::format("restarting {}: {} ({}, after {}); see journalctl -u {}", unit, why,
                                                   state.description(), elapsed(), unit));
  };
  const bool gentle = settings_.action == Setting::try_restart && before.running();
  const Job job = gentle ? Job::try_restart : Job::restart;
  const Result<std::string> result = co_await systemd.run(job, unit, deadline);
  if (!result) {
    co_return tl::unexpected(result.error());
  }
  const Result<UnitState> after = co_await systemd.state(unit, steady_clock::now() + kQuestionTimeout);
  if (!after) {
    co_return tl::unexpected(after.error());
  }
  if (result->empty()) {
    co_return failed("it has not finished starting, and the job goes on", *after);
  }
  if (*result != "done") {
    co_return failed(explain(*result), *after);
  }
  if (after->active_state != "active") {
    co_return failed("it is not active", *after);
  }
  if (same_process(before, *after)) {
    co_return failed(fmt::format("its main process is still {}", before.main_pid), *after);
  }
  UnitState& started = started_[unit] = *after;
  if (before.active_state != "activating") {
    // The job has set systemd's counter back: what it counts by now are starts after ours.
    started.automatic_restarts = 0;
  }
  co_return Activation{Use::in_use,
                       fmt::format("restarted {} in {}, main process {}", unit, elapsed(), after->main_pid)};
}

asio::awaitable<Result<std::string>> SystemdAction::check(Before before) {
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  const auto units = co_await (*systemd)->states(settings_.units, steady_clock::now() + kQuestionTimeout);
  if (!units) {
    co_return tl::unexpected(units.error());
  }
  std::string message;
  for (const auto& now : *units) {
    const bool must_run =
        settings_.action == Setting::restart || started_.contains(now.name) || contains(before.running, now.name);
    if (!must_run && !now.running()) {
      message = joined(message, now.name + " is not running");
      continue;
    }
    const Result<std::string> well = check_unit(started_.try_emplace(now.name, now).first->second, now);
    if (!well) {
      co_return tl::unexpected(well.error());
    }
    message = joined(message, *well);
  }
  co_return message;
}

asio::awaitable<Result<std::string>> SystemdAction::rehearse() {
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  // A roll-back starts what did not come up, for which try-restart is not enough.
  std::vector<Job> jobs{Job::restart};
  if (settings_.action == Setting::try_restart) {
    jobs.push_back(Job::try_restart);
  }
  const auto units = co_await (*systemd)->states(settings_.units, deadline);
  if (!units) {
    co_return tl::unexpected(units.error());
  }
  std::string message;
  for (const auto& unit : *units) {
    for (const Job job : jobs) {
      const Result<void> permitted = co_await (*systemd)->check_permission(job, unit.name, deadline);
      if (!permitted) {
        co_return tl::unexpected(permitted.error());
      }
    }
    message = joined(message, fmt::format("may restart {} ({})", unit.name, unit.active_state));
  }
  co_return message;
}

}  // namespace renewd::gateway
