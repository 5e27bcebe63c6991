// What makes the gateway use the keystore on disk, and shows that it does. One action (action.hpp) and any number of
// probes (probe.hpp) behind one interface.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/redaction.hpp"

namespace renewd::gateway {

enum class Use {
  in_use,         // the gateway has started with the file on disk
  not_running,    // there was nothing to restart; the file is used at its next start
  not_confirmed,  // nothing was asked to use it (gateway: none)
};

struct Activation {
  Use use;
  std::string message;  // one sentence for people
};

// The gateway's units at one moment; none where the gateway is no unit.
struct Units {
  std::vector<std::string> running;
  // By unit, what systemd calls its present (or last) run: each start has an ID of its own, on every boot.
  std::map<std::string, std::string> invocations;
};

// How things were before an activation. The caller keeps it where a crash cannot reach it: an activation that fails
// leaves units down, and whoever comes after it must know that they were up.
struct GatewaySnapshot {
  std::vector<std::string> running;  // units that must run afterwards, too
  TimePoint began;                   // log lines from before this moment tell nothing of the activation
  std::string log_position;          // where the log file ended, as Gateway::log_position() said
  // As of `Units`. A unit that is in another run by now has read the file on disk: it is not restarted again.
  std::map<std::string, std::string> invocations;
};

// One line of a command's output, without its line break and our secrets, made printable.
using OutputLine = std::function<void(std::string_view line)>;

class Gateway {
 public:
  virtual ~Gateway() = default;

  // For people: "try-restart graviteeio-apim-gateway.service".
  virtual std::string description() const = 0;
  // Whether verify() looks at anything besides what activate() has started.
  virtual bool has_probes() const = 0;
  // Errors of this and the next ones: gateway; disk, where it cannot be told or looked at just now, which is no fault
  // of the gateway; cancelled.
  virtual boost::asio::awaitable<Result<Units>> units() = 0;
  // Where the log file that verify() reads ends now; text that only this folder understands. Empty where there is none.
  virtual std::string log_position() const = 0;
  // Makes the gateway use the keystore on disk; units of `before.running` are started even if they are down by now,
  // unless they were stopped on purpose.
  virtual boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) = 0;
  // Whether the last activate() did anything to the gateway (also if it was cancelled), rather than find that all of it
  // had been done before.
  virtual bool acted() const = 0;
  // Shows that the gateway is well after activate(), also one that an earlier process called; not_running when somebody
  // has stopped it on purpose meanwhile.
  virtual boost::asio::awaitable<Result<Activation>> verify(GatewaySnapshot before) = 0;
  // Whether activate() would be allowed to work, and verify() finds what it looks for at the gateway that runs now;
  // without touching it.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
};

// `http` says whom a probe trusts, and how long it waits for a connection; `output` receives what a command prints,
// line by line. `secrets`, all of the certificate's, are hidden in the output of a command, a health check and a log.
std::unique_ptr<Gateway> make_gateway(const boost::asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings,
                                      const configuration::HttpSettings& http, OutputLine output,
                                      const std::vector<NamedSecret>& secrets);

}  // namespace renewd::gateway
