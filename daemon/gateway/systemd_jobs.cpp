// The restart jobs of systemd_units.hpp.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/try.hpp"
#include "gateway/systemd_units.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr std::string_view kDestructive = "org.freedesktop.systemd1.TransactionIsDestructive";
constexpr std::string_view kShuttingDown = "org.freedesktop.systemd1.ShuttingDown";
constexpr std::string_view kAlreadySubscribed = "org.freedesktop.systemd1.AlreadySubscribed";
constexpr std::string_view kAuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";

// How often to check that a job still exists, in case the signal for its end is lost.
constexpr std::chrono::seconds kJobPollInterval{2};

std::string method_name(SystemdUnits::Job job) {
  return job == SystemdUnits::Job::restart ? "RestartUnit" : "TryRestartUnit";
}

// The name in polkit's rules and systemctl.
std::string verb(SystemdUnits::Job job) {
  return job == SystemdUnits::Job::restart ? "restart" : "try-restart";
}

Error job_refused(SystemdUnits::Job job, const std::string& unit, const CallError& error) {
  const std::string doing = fmt::format("asking systemd to {} {}", verb(job), unit);
  if (error.name == kAccessDenied || error.name == kAuthorizationRequired) {
    return with_advice(
        {ErrorKind::gateway, fmt::format("{}: not permitted ({}): no polkit rule allows uid {} the action "
                                         "org.freedesktop.systemd1.manage-units with unit {} and verb {}",
                                         doing, error.message, ::geteuid(), unit, verb(job))},
        "as root, run gravitee-renewd init --permissions, which writes the polkit rule");
  }
  return {error.kind, doing + ": " + error.message};
}

}  // namespace

asio::awaitable<Result<void>> SystemdUnits::watch_jobs(Deadline deadline) {
  if (job_removed_.slot != nullptr) {
    co_return Result<void>();
  }
  const auto remember = [this](sd_bus_message* signal) {
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) >= 0) {
      finished_.push_back({path, result});
      with_ended_jobs_.insert(unit);
    }
  };
  auto subscription = bus_->subscribe(kSystemd, kManagerPath, kManager, "JobRemoved", remember);
  if (!subscription) {
    co_return tl::unexpected(subscription.error());
  }
  job_removed_ = std::move(*subscription);
  const CallResult subscribed = co_await call({kManagerPath, kManager, "Subscribe", {}}, deadline);
  // On a connection from connect_ahead(), an earlier user may have subscribed already.
  if (!subscribed && subscribed.error().name != kAlreadySubscribed) {
    job_removed_ = {};
    co_return failure(subscribed.error().kind, "asking systemd: Subscribe: " + subscribed.error().message);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> SystemdUnits::watch_jobs_if_possible(Deadline deadline) {
  Result<void> watching = co_await watch_jobs(deadline);
  if (!watching && watching.error().kind != ErrorKind::cancelled) {
    co_return Result<void>();
  }
  co_return watching;
}

asio::awaitable<Result<SystemdUnits::JobEnd>> SystemdUnits::run(Job job, std::string unit, Deadline deadline) {
  // A harmless call first: it reconnects if necessary.
  const Result<UnitState> found = co_await state(unit, deadline);
  if (!found) {
    co_return tl::unexpected(found.error());
  }
  // Before the job is queued: a short job ends before we know its path.
  const Result<void> watching = co_await watch_jobs(deadline);
  if (!watching && watching.error().kind == ErrorKind::cancelled) {
    co_return tl::unexpected(watching.error());
  }
  if (!watching) {
    co_return JobEnd{"", watching.error().message};
  }
  finished_.clear();
  const CallResult started = co_await call({kManagerPath, kManager, method_name(job), {unit, "replace"}}, deadline);
  if (!started) {
    const CallError& error = started.error();
    Error refused = job_refused(job, unit, error);
    if (error.lost || error.name == kDestructive || error.name == kShuttingDown) {
      co_return JobEnd{"", std::move(refused.message)};
    }
    co_return tl::unexpected(std::move(refused));
  }
  CO_TRY_LET(const std::string path, read_object_path(started->get()));
  co_return co_await await_end(path, unit, deadline);
}

asio::awaitable<Result<SystemdUnits::JobEnd>> SystemdUnits::await_end(std::string job, std::string unit,
                                                                      Deadline deadline) {
  const auto ours = [this, &job] {
    return std::find_if(finished_.begin(), finished_.end(), [&](const auto& finished) { return finished.path == job; });
  };
  const auto is_over = [&] { return ours() != finished_.end(); };
  const auto end = [&] {
    with_ended_jobs_.erase(unit);  // only other jobs count
    return JobEnd{ours()->result, ""};
  };
  while (std::chrono::steady_clock::now() < deadline) {
    const Result<bool> over =
        co_await bus_->process_until(is_over, std::min(deadline, std::chrono::steady_clock::now() + kJobPollInterval));
    if (!over && over.error().kind == ErrorKind::cancelled) {
      co_return tl::unexpected(over.error());
    }
    if (!over) {
      co_return JobEnd{"", "waiting for systemd's job: " + over.error().message};
    }
    if (*over) {
      co_return end();
    }
    // A systemd that re-executed itself may have sent no signal. Any earlier signal was received before this reply.
    const Result<UnitState> now = co_await state(unit, deadline);
    if (is_over()) {
      co_return end();
    }
    if (now && !now->has_job) {
      co_return JobEnd{"", "systemd did not report the end of the job"};
    }
    if (!now && now.error().kind == ErrorKind::cancelled) {
      co_return tl::unexpected(now.error());
    }
  }
  co_return JobEnd{};
}

asio::awaitable<Result<void>> SystemdUnits::check_permission(Job job, std::string unit, Deadline deadline) {
  // "isolate" is valid only for start jobs, and systemd asks polkit before it checks the mode (bus_unit_method_
  // start_generic, then manager_add_job): a permitted user gets InvalidArgs, others AccessDenied.
  const CallResult answer = co_await ask({kManagerPath, kManager, method_name(job), {unit, "isolate"}}, deadline);
  if (answer || answer.error().name == SD_BUS_ERROR_INVALID_ARGS) {
    co_return Result<void>();
  }
  co_return tl::unexpected(job_refused(job, unit, answer.error()));
}

}  // namespace renewd::gateway
