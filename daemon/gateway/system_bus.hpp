// The D-Bus system bus (sd-bus) as awaitable calls with deadlines. One coroutine at a time uses a connection, and
// sd-bus runs only while that coroutine waits: no pump in the background can outlive its owner. Knows nothing of
// systemd.
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

// The class of what nobody answers: the bus cannot be reached, or it or systemd says nothing in time. As with what this
// host has run out of, that says nothing of the gateway, and nothing is rolled back for it.
inline constexpr ErrorKind kUnanswered = ErrorKind::disk;

// Why a call failed. `name` is the D-Bus error's ("org.freedesktop.DBus.Error.AccessDenied"), empty when the other side
// never answered.
struct CallError {
  ErrorKind kind;  // gateway for a refusal; kUnanswered, cancelled
  std::string name;
  std::string message;
  // The bus, or the other side, went away: what was asked for may have been done, or not.
  bool lost = false;
};

using CallResult = tl::expected<MessagePtr, CallError>;
using SignalHandler = std::function<void(sd_bus_message*)>;

// Unsubscribes with its end. Must not outlive the bus.
struct Subscription {
  std::unique_ptr<SignalHandler> handler;
  SlotPtr slot;
};

class SystemBus {
 public:
  // Makes one connection now, which connect() gives to one user after the other. What counts on the bus is who
  // connected: it keeps the rights of root for a process that is about to give them up. Best effort.
  static void connect_ahead();
  // Does not block: the handshake goes on in the first wait. Error of this and the others: kUnanswered.
  static Result<std::unique_ptr<SystemBus>> connect(const boost::asio::any_io_executor& executor);

  // Arguments are appended by the caller.
  Result<MessagePtr> method(const char* destination, const char* path, const char* interface, const char* member);
  boost::asio::awaitable<CallResult> call(MessagePtr request, Deadline deadline);

  // The bus knows of the match before it sees any call that is made later.
  Result<Subscription> subscribe(const char* sender, const char* path, const char* interface, const char* member,
                                 SignalHandler handler);

  // Handles what comes in until `done` says so (true) or the deadline passes (false). Errors: kUnanswered, cancelled.
  boost::asio::awaitable<Result<bool>> process_until(std::function<bool()> done, Deadline deadline);

 private:
  SystemBus(const boost::asio::any_io_executor& executor, BusPtr bus, int descriptor);
  Result<void> process_pending(const std::function<bool()>& done);
  // False when the coroutine was cancelled.
  boost::asio::awaitable<bool> wait_for_event(Deadline deadline);

  BusPtr bus_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
};

}  // namespace renewd::gateway
