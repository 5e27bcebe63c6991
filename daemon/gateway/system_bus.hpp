// The D-Bus system bus (sd-bus) as awaitable calls with deadlines. One coroutine at a time uses a connection, and
// sd-bus runs only while that coroutine waits: there is no background task that could outlive its owner.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <systemd/sd-bus.h>
#include <tl/expected.hpp>

#include "core/error.hpp"

namespace renewd::gateway {

// Stateless: unique_ptr stays one pointer wide.
template <auto unref_function>
struct Unref {
  template <typename T>
  void operator()(T* object) const {
    unref_function(object);
  }
};

using BusPtr = std::shared_ptr<sd_bus>;
using MessagePtr = std::unique_ptr<sd_bus_message, Unref<sd_bus_message_unref>>;
using SlotPtr = std::unique_ptr<sd_bus_slot, Unref<sd_bus_slot_unref>>;

using Deadline = std::chrono::steady_clock::time_point;

// The bus or systemd cannot be reached or does not reply in time. That says nothing about the gateway, and nothing is
// rolled back because of it.
inline constexpr ErrorKind kInconclusive = ErrorKind::disk;
inline constexpr std::string_view kBusAdvice =
    "find out why systemd or D-Bus does not respond: systemctl is-system-running, systemctl status dbus; the daemon "
    "repeats the step by itself";

struct CallError {
  ErrorKind kind;    // gateway if the call was refused; kInconclusive, cancelled
  std::string name;  // of the D-Bus error ("org.freedesktop.DBus.Error.AccessDenied"); empty without a reply
  std::string message;
  // The bus or the called service went away: it may or may not have executed the call.
  bool lost = false;
};

using CallResult = tl::expected<MessagePtr, CallError>;
using SignalHandler = std::function<void(sd_bus_message*)>;

// Unsubscribes when destroyed. Must not outlive the bus.
struct Subscription {
  std::unique_ptr<SignalHandler> handler;
  SlotPtr slot;
};

class SystemBus {
 public:
  // Opens one connection now that connect() lends to one user at a time. The bus checks permissions of the user that
  // connected: a process that connects as root before it drops its privileges keeps root's permissions. Best effort.
  static void connect_ahead();
  // Does not block: the first wait completes the handshake. Error kind of this and the others: kInconclusive.
  static Result<std::unique_ptr<SystemBus>> connect(const boost::asio::any_io_executor& executor);

  // A call without arguments; the caller appends them.
  Result<MessagePtr> method(const char* destination, const char* path, const char* interface, const char* member);
  boost::asio::awaitable<CallResult> call(MessagePtr request, Deadline deadline);

  // In effect before any later call on this connection.
  Result<Subscription> subscribe(const char* sender, const char* path, const char* interface, const char* member,
                                 SignalHandler handler);

  // Handles messages until `done` returns true (true) or the deadline passes (false). Errors: kInconclusive, cancelled.
  boost::asio::awaitable<Result<bool>> process_until(std::function<bool()> done, Deadline deadline);

  // Waits, without a deadline or a timer, until the bus sends something, and handles it. Errors as above.
  boost::asio::awaitable<Result<void>> handle_messages();

 private:
  SystemBus(const boost::asio::any_io_executor& executor, BusPtr bus, int descriptor);
  Result<void> process_pending(const std::function<bool()>& done);
  // False if the coroutine was cancelled.
  boost::asio::awaitable<bool> wait_for_event(Deadline deadline);

  BusPtr bus_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
};

}  // namespace renewd::gateway
