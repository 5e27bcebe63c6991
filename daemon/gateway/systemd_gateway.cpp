#include "gateway/systemd_gateway.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "gateway/settling.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using Action = configuration::SystemdGateway::Action;
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

}  // namespace

SystemdGateway::SystemdGateway(const asio::any_io_executor& executor, configuration::SystemdGateway settings,
                               std::chrono::seconds timeout)
    : executor_(executor), settings_(std::move(settings)), timeout_(timeout) {
  for (auto& unit : settings_.units) {
    unit = service_name(unit);
  }
}

std::string SystemdGateway::description() const {
  std::string text = settings_.action == Action::restart ? "restart" : "try-restart";
  for (const auto& unit : settings_.units) {
    text += " " + unit;
  }
  return text;
}

asio::awaitable<Result<Activation>> SystemdGateway::activate() {
  const Deadline deadline = steady_clock::now() + timeout_;
  started_.clear();
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  Activation whole{Use::not_running, ""};
  for (const auto& unit : settings_.units) {
    const Result<Activation> one = co_await activate_unit(**systemd, unit, deadline);
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

asio::awaitable<Result<Activation>> SystemdGateway::activate_unit(SystemdUnits& systemd, std::string unit,
                                                                  Deadline deadline) {
  const Result<UnitState> before = co_await systemd.state(unit, deadline);
  if (!before) {
    co_return tl::unexpected(before.error());
  }
  const bool wanted = settings_.action == Action::restart || taken_down_.contains(unit);
  if (!before->running() && !wanted) {
    co_return Activation{Use::not_running, unit + " is not running: it will use the new certificate when it starts"};
  }
  co_return co_await restart(systemd, unit, *before, deadline);
}

asio::awaitable<Result<Activation>> SystemdGateway::restart(SystemdUnits& systemd, std::string unit, UnitState before,
                                                            Deadline deadline) {
  const auto began = steady_clock::now();
  const auto elapsed = [began] {
    return format_duration(std::chrono::round<std::chrono::seconds>(steady_clock::now() - began));
  };
  const auto failed = [&](const std::string& why, const UnitState& state) {
    return failure(ErrorKind::gateway, fmt::format("restarting {}: {} ({}, after {}); see journalctl -u {}", unit, why,
                                                   state.description(), elapsed(), unit));
  };
  const bool gentle = settings_.action == Action::try_restart && before.running();
  const Job job = gentle ? Job::try_restart : Job::restart;
  const Result<std::string> result = co_await systemd.run(job, unit, deadline);
  if (!result) {
    co_return tl::unexpected(result.error());
  }
  // From here on the unit may be down, and would stay so without us.
  taken_down_.insert(unit);
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
  taken_down_.erase(unit);
  started_[unit] = *after;
  co_return Activation{Use::in_use,
                       fmt::format("restarted {} in {}, main process {}", unit, elapsed(), after->main_pid)};
}

asio::awaitable<Result<std::string>> SystemdGateway::verify() {
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  // One wait for all units, and none when nothing was started.
  if (!started_.empty()) {
    const Result<void> settled = co_await (*systemd)->wait_until(steady_clock::now() + kSettleTime);
    if (!settled) {
      co_return tl::unexpected(settled.error());
    }
  }
  std::string message;
  for (const auto& unit : settings_.units) {
    const Result<UnitState> now = co_await (*systemd)->state(unit, steady_clock::now() + kQuestionTimeout);
    if (!now) {
      co_return tl::unexpected(now.error());
    }
    const auto started = started_.find(unit);
    if (started == started_.end() && !now->running() && settings_.action == Action::try_restart) {
      message = joined(message, fmt::format("{} is not running", unit));
      continue;
    }
    const UnitState& expected = started == started_.end() ? *now : started->second;
    const Result<std::string> well = check_settled(unit, expected, *now);
    if (!well) {
      co_return tl::unexpected(well.error());
    }
    message = joined(message, *well);
  }
  co_return message;
}

asio::awaitable<Result<std::string>> SystemdGateway::rehearse() {
  const Deadline deadline = steady_clock::now() + kQuestionTimeout;
  auto systemd = SystemdUnits::connect(executor_);
  if (!systemd) {
    co_return tl::unexpected(systemd.error());
  }
  // A roll-back starts what did not come up, for which try-restart is not enough.
  std::vector<Job> jobs{Job::restart};
  if (settings_.action == Action::try_restart) {
    jobs.push_back(Job::try_restart);
  }
  std::string message;
  for (const auto& unit : settings_.units) {
    const Result<UnitState> state = co_await (*systemd)->state(unit, deadline);
    if (!state) {
      co_return tl::unexpected(state.error());
    }
    for (const Job job : jobs) {
      const Result<void> permitted = co_await (*systemd)->check_permission(job, unit, deadline);
      if (!permitted) {
        co_return tl::unexpected(permitted.error());
      }
    }
    message = joined(message, fmt::format("may restart {} ({})", unit, state->active_state));
  }
  co_return message;
}

}  // namespace renewd::gateway
