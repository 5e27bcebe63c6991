// One way of making a gateway use the keystore: a restart of units, a command, a signal, nothing.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"
#include "gateway/gateway.hpp"
#include "gateway/look.hpp"

namespace renewd::gateway {

class Action {
 public:
  virtual ~Action() = default;

  // These are the gateway's own.
  virtual std::string description() const = 0;
  virtual boost::asio::awaitable<Result<Units>> units() = 0;
  virtual boost::asio::awaitable<Result<Activation>> activate(GatewaySnapshot before) = 0;
  virtual bool acted() const = 0;
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;

  // Whether check() can see anything, so that it is worth waiting for the gateway to settle.
  virtual bool watches(const GatewaySnapshot& before) const = 0;
  // One look at what activate() has started: is it (still) well? The first look of a process that did not call
  // activate() itself is what later ones compare with; what others have restarted since is compared with from then on.
  // Errors: gateway (waiting on is of no use), disk (it could not be looked at), cancelled.
  virtual boost::asio::awaitable<Result<Look>> check(GatewaySnapshot before) = 0;
  // The last look of a verification was taken: what the looks have in common may go.
  virtual void end_checks() {}
};

}  // namespace renewd::gateway
