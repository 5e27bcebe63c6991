#include "gateway/systemd_units.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "gateway/unit_properties.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

constexpr auto kSystemd = "org.freedesktop.systemd1";
constexpr auto kManagerPath = "/org/freedesktop/systemd1";
constexpr auto kManager = "org.freedesktop.systemd1.Manager";
constexpr auto kProperties = "org.freedesktop.DBus.Properties";
constexpr std::string_view kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr std::string_view kAuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";

std::string method_name(SystemdUnits::Job job) {
  return job == SystemdUnits::Job::restart ? "RestartUnit" : "TryRestartUnit";
}

// As polkit's rules and systemctl call it.
std::string verb(SystemdUnits::Job job) {
  return job == SystemdUnits::Job::restart ? "restart" : "try-restart";
}

Error job_refused(SystemdUnits::Job job, const std::string& unit, const CallError& error) {
  const std::string doing = fmt::format("asking systemd to {} {}", verb(job), unit);
  if (error.name == kAccessDenied || error.name == kAuthorizationRequired) {
    return {ErrorKind::gateway,
            fmt::format("{}: not permitted ({}): a polkit rule is missing that allows uid {} the action "
                        "org.freedesktop.systemd1.manage-units with unit {} and verb {}",
                        doing, error.message, ::geteuid(), unit, verb(job))};
  }
  return {error.kind, doing + ": " + error.message};
}

Result<std::string> read_object_path(sd_bus_message* answer) {
  const char* path = nullptr;
  const int result = sd_bus_message_read(answer, "o", &path);
  if (result < 0) {
    return system_failure(ErrorKind::gateway, "reading systemd's answer", -result);
  }
  return std::string(path);
}

// Empty where a line of the service may come into the journal, or nothing is said about it.
std::string output_elsewhere(const UnitProperties& properties) {
  const std::string output = properties.text("StandardOutput");
  const std::string error = properties.text("StandardError");
  for (const auto& where : {output, error == "inherit" ? output : error}) {
    if (where.empty() || where == "inherit" || where.starts_with("journal") || where.starts_with("syslog")) {
      return {};
    }
  }
  return fmt::format("StandardOutput={}, StandardError={}", output, error);
}

UnitState to_state(const UnitProperties& properties) {
  UnitState state;
  state.name = properties.text("Id");
  state.active_state = properties.text("ActiveState");
  state.restart_policy = properties.text("Restart");
  state.status_text = printable(properties.text("StatusText"));
  state.status_errno = static_cast<int>(properties.number("StatusErrno"));
  state.exit_status = static_cast<int>(properties.number("ExecMainStatus"));
  const auto code = properties.number("ExecMainCode");  // si_code of SIGCHLD
  state.ended_by_signal = code == CLD_KILLED || code == CLD_DUMPED;
  state.main_pid = static_cast<pid_t>(properties.number("MainPID"));
  state.automatic_restarts = properties.number("NRestarts");
  return state;
}

// `asked_for` may be an alias of the unit.
Result<void> check_loaded(const std::string& asked_for, const UnitProperties& properties) {
  const std::string load_state = properties.text("LoadState");
  const std::string name = properties.text("Id");
  const std::string unit = name == asked_for ? name : fmt::format("{} (an alias of {})", asked_for, name);
  if (load_state == "loaded") {
    return {};
  }
  if (load_state == "not-found") {
    return failure(ErrorKind::gateway, unit + " does not exist on this host");
  }
  if (load_state == "masked") {
    return failure(ErrorKind::gateway, unit + " is masked: systemd would refuse to start it");
  }
  return failure(ErrorKind::gateway,
                 fmt::format("systemd cannot load {} (LoadState={}): see systemctl status {}", unit, load_state, name));
}

}  // namespace

bool UnitState::running() const {
  return active_state != "inactive" && active_state != "failed" && active_state != "deactivating";
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

std::string service_name(const std::string& unit) {
  return unit.ends_with(".service") ? unit : unit + ".service";
}

Result<std::unique_ptr<SystemdUnits>> SystemdUnits::connect(const asio::any_io_executor& executor) {
  auto bus = SystemBus::connect(executor);
  if (!bus) {
    return tl::unexpected(bus.error());
  }
  return std::unique_ptr<SystemdUnits>(new SystemdUnits(std::move(*bus)));
}

asio::awaitable<CallResult> SystemdUnits::request(std::string member, std::vector<std::string> arguments,
                                                  Deadline deadline) {
  auto message = bus_->method(kSystemd, kManagerPath, kManager, member.c_str());
  if (!message) {
    co_return tl::unexpected(CallError{message.error().kind, "", message.error().message});
  }
  for (const auto& argument : arguments) {
    // Fails only without memory, or for text that is not UTF-8, which systemd refuses just the same.
    sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, argument.c_str());
  }
  co_return co_await bus_->call(std::move(*message), deadline);
}

asio::awaitable<Result<MessagePtr>> SystemdUnits::call_manager(std::string member, std::vector<std::string> arguments,
                                                               Deadline deadline) {
  CallResult answer = co_await request(member, std::move(arguments), deadline);
  if (!answer) {
    co_return failure(answer.error().kind, "asking systemd: " + member + ": " + answer.error().message);
  }
  co_return std::move(*answer);
}

asio::awaitable<Result<UnitProperties>> SystemdUnits::properties_of(std::string unit, Deadline deadline) {
  const Result<MessagePtr> loaded = co_await call_manager("LoadUnit", std::vector{unit}, deadline);
  if (!loaded) {
    co_return tl::unexpected(loaded.error());
  }
  const Result<std::string> path = read_object_path(loaded->get());
  if (!path) {
    co_return tl::unexpected(path.error());
  }
  UnitProperties properties;
  for (const char* interface : {"org.freedesktop.systemd1.Unit", "org.freedesktop.systemd1.Service"}) {
    auto message = bus_->method(kSystemd, path->c_str(), kProperties, "GetAll");
    if (!message) {
      co_return tl::unexpected(message.error());
    }
    sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, interface);
    const CallResult answer = co_await bus_->call(std::move(*message), deadline);
    if (!answer) {
      co_return failure(answer.error().kind, "asking systemd about " + unit + ": " + answer.error().message);
    }
    const Result<void> added = add_properties(answer->get(), properties);
    if (!added) {
      co_return failure(added.error().kind, "asking systemd about " + unit + ": " + added.error().message);
    }
  }
  co_return properties;
}

asio::awaitable<Result<UnitState>> SystemdUnits::state(std::string unit, Deadline deadline) {
  const Result<UnitProperties> properties = co_await properties_of(unit, deadline);
  if (!properties) {
    co_return tl::unexpected(properties.error());
  }
  const Result<void> usable = check_loaded(unit, *properties);
  if (!usable) {
    co_return tl::unexpected(usable.error());
  }
  co_return to_state(*properties);
}

asio::awaitable<Result<UnitOnHost>> SystemdUnits::look_up(std::string unit, Deadline deadline) {
  const Result<UnitProperties> properties = co_await properties_of(unit, deadline);
  if (!properties) {
    co_return tl::unexpected(properties.error());
  }
  const std::string homes = properties->text("ProtectHome");
  co_return UnitOnHost{properties->text("Id"),
                       properties->text("User"),
                       properties->list("SupplementaryGroups"),
                       homes == "yes" || homes == "tmpfs",
                       output_elsewhere(*properties),
                       check_loaded(unit, *properties)};
}

asio::awaitable<Result<std::vector<UnitState>>> SystemdUnits::states(std::vector<std::string> units,
                                                                     Deadline deadline) {
  std::vector<UnitState> states;
  for (const auto& unit : units) {
    Result<UnitState> one = co_await state(unit, deadline);
    if (!one) {
      co_return tl::unexpected(one.error());
    }
    const auto known =
        std::find_if(states.begin(), states.end(), [&](const UnitState& other) { return other.name == one->name; });
    if (known == states.end()) {
      states.push_back(std::move(*one));
    }
  }
  co_return states;
}

Result<void> SystemdUnits::watch_jobs() {
  const auto remember = [this](sd_bus_message* signal) {
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) >= 0) {
      finished_.push_back({path, result});
    }
  };
  auto subscription = bus_->subscribe(kSystemd, kManagerPath, kManager, "JobRemoved", remember);
  if (!subscription) {
    return tl::unexpected(subscription.error());
  }
  job_removed_ = std::move(*subscription);
  return {};
}

asio::awaitable<Result<std::string>> SystemdUnits::run(Job job, std::string unit, Deadline deadline) {
  // Before the job is asked for: a short one is over before its path is known to us.
  if (job_removed_.slot == nullptr) {
    const Result<void> watching = watch_jobs();
    if (!watching) {
      co_return tl::unexpected(watching.error());
    }
    const Result<MessagePtr> subscribed = co_await call_manager("Subscribe", std::vector<std::string>(), deadline);
    if (!subscribed) {
      co_return tl::unexpected(subscribed.error());
    }
  }
  finished_.clear();
  const CallResult started = co_await request(method_name(job), std::vector<std::string>{unit, "replace"}, deadline);
  if (!started) {
    co_return tl::unexpected(job_refused(job, unit, started.error()));
  }
  const Result<std::string> path = read_object_path(started->get());
  if (!path) {
    co_return tl::unexpected(path.error());
  }
  const auto ours = [this, &path] {
    return std::find_if(finished_.begin(), finished_.end(), [&](const auto& job_) { return job_.path == *path; });
  };
  const auto is_over = [&] { return ours() != finished_.end(); };
  const Result<bool> over = co_await bus_->process_until(is_over, deadline);
  if (!over) {
    co_return tl::unexpected(over.error());
  }
  co_return *over ? ours()->result : std::string();
}

asio::awaitable<Result<void>> SystemdUnits::check_permission(Job job, std::string unit, Deadline deadline) {
  // "isolate" is valid for start jobs alone, and systemd asks polkit before it looks at the mode (bus_unit_method_
  // start_generic, then manager_add_job): whoever may restart gets InvalidArgs, the others AccessDenied.
  const CallResult answer = co_await request(method_name(job), std::vector<std::string>{unit, "isolate"}, deadline);
  if (answer || answer.error().name == SD_BUS_ERROR_INVALID_ARGS) {
    co_return Result<void>();
  }
  co_return tl::unexpected(job_refused(job, unit, answer.error()));
}

asio::awaitable<Result<void>> SystemdUnits::wait_until(Deadline time) {
  const Result<bool> waited = co_await bus_->process_until([] { return false; }, time);
  if (!waited) {
    co_return tl::unexpected(waited.error());
  }
  co_return Result<void>();
}

}  // namespace renewd::gateway
