// Makes the gateway use the keystore on disk, and verifies that it does. One action (action.hpp) and any number of
// probes (probe.hpp) behind one interface.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/redaction.hpp"
#include "gateway/gateway_state.hpp"

namespace renewd::gateway {

enum class Use {
  in_use,         // the gateway started with the file on disk
  not_running,    // there was nothing to restart; the gateway reads the file at its next start
  not_confirmed,  // the daemon cannot know (gateway: none, or a signal)
};

struct Activation {
  Use use;
  std::string message;  // one sentence for people
};

// The gateway's units at one moment; empty if the gateway is not a unit.
struct Units {
  std::vector<std::string> running;
  // systemd's invocation ID of each unit's current (or last) run: unique for each start, also across boots.
  std::map<std::string, std::string> invocations;
};

// The gateway before an activation. The caller stores it on disk: after a failed activation units may be down, and the
// next run of the daemon must know that they were up.
struct GatewaySnapshot {
  std::vector<std::string> running;  // units that must run afterwards, too
  TimePoint began;                   // older log lines do not count
  std::string log_position;          // the end of the log file, from Gateway::log_position()
  // As in `Units`. A unit with another invocation ID by now has read the file on disk: it is not restarted again.
  std::map<std::string, std::string> invocations;
};

// One line of a command's output without its line break, printable, secrets hidden.
using OutputLine = std::function<void(std::string_view line)>;

class Gateway {
 public:
  virtual ~Gateway() = default;

  // For people: "try-restart graviteeio-apim-gateway.service".
  virtual std::string description() const = 0;
  // Whether verify() checks anything besides what activate() started.
  virtual bool has_probes() const = 0;
  // Errors of all functions: gateway; disk if the gateway's state could not be read, which says nothing about the
  // gateway; cancelled.
  virtual boost::asio::awaitable<Result<Units>> units() = 0;
  // Whether the gateway runs now; with a time for its response, also whether verify.http passes. Without
  // `activation_problem`, which examine() adds.
  virtual boost::asio::awaitable<Result<Examination>> state(
      std::optional<std::chrono::milliseconds> health_timeout) = 0;
  // The units whose changes change state().
  virtual std::vector<std::string> watched_units() const = 0;
  // Whether activate() would be permitted: the units exist, and may be restarted. Changes nothing.
  virtual boost::asio::awaitable<Result<std::string>> check_activation() = 0;
  // Where the log file that verify() reads ends now, in a format private to this folder. Empty if there is none.
  virtual std::string log_position() const = 0;
  // Makes the gateway use the keystore on disk. Starts units of `before.running` even if they are down by now, unless
  // an operator stopped them.
  virtual boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) = 0;
  // Whether the last activate() changed the gateway (even if it was cancelled). False if everything was done already.
  virtual bool acted() const = 0;
  // Whether the gateway is healthy after activate(), even one in an earlier process; not_running if an operator has
  // stopped it since.
  virtual boost::asio::awaitable<Result<Activation>> verify(GatewaySnapshot before) = 0;
  // Whether activate() would be permitted, and verify() finds what it needs at the running gateway; changes nothing.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
};

// state(), and why activate() would fail unless the certificate is only watched. A systemd that does not respond is a
// problem of the host, which would fail an activation months later.
boost::asio::awaitable<Examination> examine(Gateway& gateway, std::optional<std::chrono::milliseconds> health_timeout,
                                            configuration::RenewMode renew);

// `http`: trusted CAs and connect timeout of a health check. `output` receives what a command prints, line by line.
// `secrets`, all of the certificate's, are hidden in what commands, health checks and logs report.
std::unique_ptr<Gateway> make_gateway(const boost::asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings,
                                      const configuration::HttpSettings& http, OutputLine output,
                                      const std::vector<NamedSecret>& secrets);

}  // namespace renewd::gateway
