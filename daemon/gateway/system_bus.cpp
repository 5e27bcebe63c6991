#include "gateway/system_bus.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/as_tuple.hpp"
#include "core/text.hpp"
#include "core/try.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

asio::awaitable<void> ready(stream_descriptor& descriptor, stream_descriptor::wait_type type) {
  co_await descriptor.async_wait(type, kAsTuple);
}

// sd-bus returns negative errno values.
tl::unexpected<Error> bus_failure(std::string_view doing, int result) {
  auto failed = system_failure(kInconclusive, doing, -result);
  failed.value().advice = kBusAdvice;
  return failed;
}

int keep_reply(sd_bus_message* reply, void* kept, sd_bus_error*) {
  static_cast<MessagePtr*>(kept)->reset(sd_bus_message_ref(reply));
  return 0;
}

int run_handler(sd_bus_message* signal, void* handler, sd_bus_error*) {
  (*static_cast<SignalHandler*>(handler))(signal);
  return 0;
}

Result<BusPtr> open_system_bus() {
  sd_bus* raw = nullptr;
  const int result = sd_bus_open_system(&raw);
  if (result < 0) {
    return bus_failure("connecting to the system bus (is systemd running on this host?)", result);
  }
  return BusPtr(raw, sd_bus_close_unref);
}

// The service is missing, or ended before it replied: systemd while it re-executes itself.
bool went_away(std::string_view error) {
  return error == SD_BUS_ERROR_NO_REPLY || error == SD_BUS_ERROR_DISCONNECTED ||
         error == SD_BUS_ERROR_SERVICE_UNKNOWN || error == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
         error.starts_with("org.freedesktop.DBus.Error.Spawn.");
}

// The bus, systemd or polkit cannot handle the call at the moment.
bool overloaded(std::string_view error) {
  return error == SD_BUS_ERROR_LIMITS_EXCEEDED || error == SD_BUS_ERROR_NO_MEMORY || error == SD_BUS_ERROR_TIMEOUT ||
         error == "org.freedesktop.DBus.Error.TimedOut" || error == SD_BUS_ERROR_IO_ERROR;
}

BusPtr& connected_ahead() {
  static BusPtr bus;
  return bus;
}

// Nobody else uses it, and the bus has not closed it.
bool is_usable(const BusPtr& bus) {
  if (bus.use_count() != 1 || sd_bus_is_open(bus.get()) <= 0) {
    return false;
  }
  pollfd peer{sd_bus_get_fd(bus.get()), POLLRDHUP, 0};
  return ::poll(&peer, 1, 0) == 0;
}

}  // namespace

SystemBus::SystemBus(const asio::any_io_executor& executor, BusPtr bus, int descriptor)
    : bus_(std::move(bus)), descriptor_(executor, descriptor), timer_(executor) {}

void SystemBus::connect_ahead() {
  auto bus = open_system_bus();
  const char* name = nullptr;
  // Waits for the end of the handshake: the bus drops connections that do not complete it within 30 s.
  if (bus && sd_bus_get_unique_name(bus->get(), &name) >= 0) {
    connected_ahead() = std::move(*bus);
  }
}

Result<std::unique_ptr<SystemBus>> SystemBus::connect(const asio::any_io_executor& executor) {
  TRY_LET(BusPtr bus, is_usable(connected_ahead()) ? Result<BusPtr>(connected_ahead()) : open_system_bus());
  // Asio and sd-bus each close their own descriptor.
  const int descriptor = ::fcntl(sd_bus_get_fd(bus.get()), F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) {
    return system_failure(kInconclusive, "duplicating the system bus's descriptor", errno);
  }
  return std::unique_ptr<SystemBus>(new SystemBus(executor, std::move(bus), descriptor));
}

Result<MessagePtr> SystemBus::method(const char* destination, const char* path, const char* interface,
                                     const char* member) {
  sd_bus_message* raw = nullptr;
  const int result = sd_bus_message_new_method_call(bus_.get(), &raw, destination, path, interface, member);
  if (result < 0) {
    return bus_failure(std::string("preparing the D-Bus call ") + member, result);
  }
  return MessagePtr(raw);
}

asio::awaitable<CallResult> SystemBus::call(MessagePtr request, Deadline deadline) {
  MessagePtr reply;
  sd_bus_slot* raw = nullptr;
  // Without sd-bus's own timeout: process_until() has the deadline.
  const int result = sd_bus_call_async(bus_.get(), &raw, request.get(), keep_reply, &reply, UINT64_MAX);
  const SlotPtr slot(raw);
  const std::string member = sd_bus_message_get_member(request.get());
  if (result < 0) {
    const Error error = bus_failure("sending " + member, result).value();
    co_return tl::unexpected(CallError{error.kind, "", error.message, true});
  }
  const Result<bool> answered = co_await process_until([&reply] { return reply != nullptr; }, deadline);
  if (!answered) {
    const bool lost = answered.error().kind != ErrorKind::cancelled;
    co_return tl::unexpected(CallError{answered.error().kind, "", answered.error().message, lost});
  }
  if (!*answered) {
    co_return tl::unexpected(CallError{kInconclusive, "", member + ": no reply in time"});
  }
  const sd_bus_error* error = sd_bus_message_get_error(reply.get());
  if (error != nullptr) {
    const char* text = error->message == nullptr ? error->name : error->message;
    const bool lost = went_away(error->name);
    const ErrorKind kind = lost || overloaded(error->name) ? kInconclusive : ErrorKind::gateway;
    co_return tl::unexpected(CallError{kind, error->name, printable(text), lost});
  }
  co_return reply;
}

Result<Subscription> SystemBus::subscribe(const char* sender, const char* path, const char* interface,
                                          const char* member, SignalHandler handler) {
  Subscription subscription{std::make_unique<SignalHandler>(std::move(handler)), nullptr};
  sd_bus_slot* raw = nullptr;
  // Not sd_bus_match_signal, which blocks. Without a callback for the bus's reply, a refusal closes the connection.
  const int result = sd_bus_match_signal_async(bus_.get(), &raw, sender, path, interface, member, run_handler, nullptr,
                                               subscription.handler.get());
  if (result < 0) {
    return bus_failure(std::string("subscribing to ") + member, result);
  }
  subscription.slot.reset(raw);
  return subscription;
}

asio::awaitable<Result<bool>> SystemBus::process_until(std::function<bool()> done, Deadline deadline) {
  while (true) {
    CO_TRY(process_pending(done));
    if (done()) {
      co_return true;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      co_return false;
    }
    const bool running = co_await wait_for_event(deadline);
    if (!running) {
      co_return failure(ErrorKind::cancelled, "cancelled");
    }
  }
}

asio::awaitable<Result<void>> SystemBus::handle_messages() {
  const auto never = [] { return false; };
  CO_TRY(process_pending(never));  // what came with an earlier reply
  co_await ready(descriptor_, stream_descriptor::wait_read);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return failure(ErrorKind::cancelled, "cancelled");
  }
  co_return process_pending(never);
}

Result<void> SystemBus::process_pending(const std::function<bool()>& done) {
  int result = 1;
  while (result > 0 && !done()) {
    result = sd_bus_process(bus_.get(), nullptr);
  }
  if (result < 0) {
    return bus_failure("communicating with the system bus", result);
  }
  return {};
}

asio::awaitable<bool> SystemBus::wait_for_event(Deadline deadline) {
  using asio::experimental::awaitable_operators::operator||;
  std::uint64_t wake_up = UINT64_MAX;
  sd_bus_get_timeout(bus_.get(), &wake_up);
  if (wake_up != UINT64_MAX) {
    // Both clocks are CLOCK_MONOTONIC.
    const Deadline bus_deadline{std::chrono::microseconds(static_cast<std::int64_t>(wake_up))};
    deadline = std::min(deadline, bus_deadline);
  }
  timer_.expires_at(deadline);
  const int events = sd_bus_get_events(bus_.get());
  if (events > 0 && (events & POLLOUT) != 0) {
    co_await (ready(descriptor_, stream_descriptor::wait_read) || ready(descriptor_, stream_descriptor::wait_write) ||
              expired(timer_));
  } else {
    co_await (ready(descriptor_, stream_descriptor::wait_read) || expired(timer_));
  }
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() == asio::cancellation_type::none;
}

}  // namespace renewd::gateway
