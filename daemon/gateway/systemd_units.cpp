#include "gateway/systemd_units.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/unit_properties.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

constexpr auto kProperties = "org.freedesktop.DBus.Properties";

constexpr std::chrono::milliseconds kPollInterval{250};

struct StopProperty {
  const char* property;
  const char* setting;
};
// systemd.unit(5), "Mapping of unit properties to their inverses".
constexpr std::array kStoppedBy{StopProperty{"Requires", "Requires"},
                                StopProperty{"Requisite", "Requisite"},
                                StopProperty{"BindsTo", "BindsTo"},
                                StopProperty{"PartOf", "PartOf"},
                                StopProperty{"StopPropagatedFrom", "StopPropagatedFrom"},
                                StopProperty{"Conflicts", "Conflicts"},
                                StopProperty{"ConflictedBy", "Conflicts"}};

std::vector<StopTrigger> stop_triggers(const UnitProperties& properties) {
  std::vector<StopTrigger> found;
  for (const auto& kind : kStoppedBy) {
    for (auto& unit : properties.list(kind.property)) {
      found.push_back({std::move(unit), kind.setting});
    }
  }
  return found;
}

// Empty if the service's output may reach the journal, or the properties are missing.
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

// `requested` may be an alias of the unit.
Result<void> check_loaded(const std::string& requested, const UnitProperties& properties) {
  const std::string load_state = properties.text("LoadState");
  const std::string name = properties.text("Id");
  const std::string unit = name == requested ? name : fmt::format("{} (an alias of {})", requested, name);
  if (load_state == "loaded") {
    return {};
  }
  if (load_state == "not-found") {
    return failure(
        ErrorKind::gateway, unit + " does not exist on this host",
        "correct the unit's name in `gateway` (systemctl list-units --type service shows those of this host), then run "
        "systemctl reload gravitee-renewd");
  }
  if (load_state == "masked") {
    return failure(ErrorKind::gateway, unit + " is masked: systemd would refuse to start it",
                   "run systemctl unmask " + shell_quoted(name) + ", or correct the unit's name in `gateway`");
  }
  return failure(
      ErrorKind::gateway, fmt::format("systemd cannot load {} (LoadState={})", unit, load_state),
      fmt::format("correct the unit file: systemctl status {} shows what is wrong with it", shell_quoted(name)));
}

}  // namespace

std::string service_name(const std::string& unit) {
  return unit.ends_with(".service") ? unit : unit + ".service";
}

Result<std::unique_ptr<SystemdUnits>> SystemdUnits::connect(const asio::any_io_executor& executor) {
  TRY_LET(auto bus, SystemBus::connect(executor));
  return std::unique_ptr<SystemdUnits>(new SystemdUnits(executor, std::move(bus)));
}

asio::awaitable<CallResult> SystemdUnits::call(Call call, Deadline deadline) {
  auto message = bus_->method(kSystemd, call.path.c_str(), call.interface, call.member.c_str());
  if (!message) {
    // The connection is closed.
    co_return tl::unexpected(CallError{message.error().kind, "", message.error().message, true});
  }
  for (const auto& argument : call.arguments) {
    // Fails only without memory, or for invalid UTF-8, which systemd refuses as well.
    sd_bus_message_append_basic(message->get(), SD_BUS_TYPE_STRING, argument.c_str());
  }
  co_return co_await bus_->call(std::move(*message), deadline);
}

asio::awaitable<CallResult> SystemdUnits::ask(Call question, Deadline deadline) {
  while (true) {
    CallResult answer = co_await call(question, deadline);
    const auto again = std::chrono::steady_clock::now() + kPollInterval;
    if (answer || !answer.error().lost || again >= deadline) {
      co_return answer;
    }
    const Result<void> waited = co_await wait_until(again);
    if (!waited) {
      co_return tl::unexpected(CallError{waited.error().kind, "", waited.error().message});
    }
    if (auto bus = SystemBus::connect(executor_)) {
      job_removed_ = {};
      bus_ = std::move(*bus);
    }
  }
}

asio::awaitable<Result<UnitProperties>> SystemdUnits::properties_of(std::string unit, Deadline deadline) {
  const auto failed = [&unit](const CallError& error) {
    // The policy of the bus forbids the query.
    const ErrorKind kind = error.name == SD_BUS_ERROR_ACCESS_DENIED ? kInconclusive : error.kind;
    return failure(kind, "asking systemd about " + unit + ": " + error.message);
  };
  const CallResult loaded = co_await ask({kManagerPath, kManager, "LoadUnit", {unit}}, deadline);
  if (!loaded) {
    co_return failed(loaded.error());
  }
  CO_TRY_LET(const std::string path, read_object_path(loaded->get()));
  UnitProperties properties;
  for (const char* interface : {"org.freedesktop.systemd1.Unit", "org.freedesktop.systemd1.Service"}) {
    if (!properties.texts.empty() && !properties.text("Id").ends_with(".service")) {
      break;  // a target, a slice
    }
    const CallResult answer = co_await ask({path, kProperties, "GetAll", {interface}}, deadline);
    if (!answer) {
      co_return failed(answer.error());
    }
    const Result<void> added = add_properties(answer->get(), properties);
    if (!added) {
      co_return failure(added.error().kind, "asking systemd about " + unit + ": " + added.error().message);
    }
  }
  co_return properties;
}

asio::awaitable<Result<UnitState>> SystemdUnits::state(std::string unit, Deadline deadline) {
  // One that ends while systemd is being asked may be news that the answer does not have: a unit that is said to be up,
  // and was stopped since.
  const auto ended_before = with_ended_jobs_;
  CO_TRY_LET(const UnitProperties properties, co_await properties_of(unit, deadline));
  CO_TRY(check_loaded(unit, properties));
  UnitState state = to_state(properties);
  if (state.up() && ended_before.contains(state.name)) {
    with_ended_jobs_.erase(state.name);
  }
  state.job_ended = with_ended_jobs_.contains(state.name);
  co_return state;
}

asio::awaitable<Result<InstalledUnit>> SystemdUnits::look_up(std::string unit, Deadline deadline) {
  CO_TRY_LET(const UnitProperties properties, co_await properties_of(unit, deadline));
  const std::string homes = properties.text("ProtectHome");
  const std::string processes = properties.text("ProtectProc");
  co_return InstalledUnit{properties.text("Id"),
                          properties.text("User"),
                          properties.list("SupplementaryGroups"),
                          homes == "yes" || homes == "tmpfs",
                          !processes.empty() && processes != "default",
                          output_elsewhere(properties),
                          check_loaded(unit, properties),
                          stop_triggers(properties)};
}

asio::awaitable<Result<std::vector<UnitState>>> SystemdUnits::states(std::vector<std::string> units,
                                                                     Deadline deadline) {
  std::vector<UnitState> states;
  for (const auto& unit : units) {
    CO_TRY_LET(UnitState one, co_await state(unit, deadline));
    const auto known =
        std::find_if(states.begin(), states.end(), [&](const UnitState& other) { return other.name == one.name; });
    if (known == states.end()) {
      states.push_back(std::move(one));
    }
  }
  co_return states;
}

asio::awaitable<Result<UnitState>> SystemdUnits::settled(std::string unit, Deadline deadline) {
  while (true) {
    Result<UnitState> now =
        co_await state(unit, std::max(deadline, std::chrono::steady_clock::now() + kQuestionTimeout));
    if (!now || std::chrono::steady_clock::now() >= deadline || now->up() || !now->changing()) {
      co_return now;
    }
    CO_TRY(co_await wait_until(std::min(deadline, std::chrono::steady_clock::now() + kPollInterval)));
  }
}

asio::awaitable<Result<bool>> SystemdUnits::host_shuts_down(Deadline deadline) {
  const CallResult answer = co_await ask({kManagerPath, kProperties, "Get", {kManager, "SystemState"}}, deadline);
  if (!answer) {
    co_return failure(answer.error().kind, "asking systemd for its state: " + answer.error().message);
  }
  const char* state = nullptr;
  const int result = sd_bus_message_read(answer->get(), "v", "s", &state);
  if (result < 0) {
    co_return system_failure(kInconclusive, "reading systemd's state", -result);
  }
  co_return std::string_view(state) == "stopping";
}

asio::awaitable<Result<bool>> host_shuts_down() {
  CO_TRY_LET(const auto systemd, SystemdUnits::connect(co_await asio::this_coro::executor));
  co_return co_await systemd->host_shuts_down(std::chrono::steady_clock::now() + kQuestionTimeout);
}

asio::awaitable<Result<void>> SystemdUnits::wait_until(Deadline time) {
  asio::steady_timer timer(executor_, time);
  co_await timer.async_wait(kAsTuple);
  const bool stopping = co_await stop_requested();
  if (stopping) {
    co_return failure(ErrorKind::cancelled, "cancelled");
  }
  co_return Result<void>();
}

}  // namespace renewd::gateway
