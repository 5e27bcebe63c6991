// Verifies that a gateway is healthy after an activation, and stays so: its action and all its probes together.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "gateway/action.hpp"
#include "gateway/probe.hpp"

namespace renewd::gateway {

using Probes = std::vector<std::unique_ptr<Probe>>;

// How long a unit must stay up before it counts as healthy. A service of Type=simple is active as soon as it is forked;
// a JVM that cannot start exits within seconds. A twelfth of the timeout, between 2 and 10 s.
std::chrono::seconds grace_time(std::chrono::seconds timeout);

// The longest possible verification, since external restarts begin its timeout again.
std::chrono::seconds longest_verification(std::chrono::seconds timeout);

// Succeeds when every check passes after the grace time, which is left out if nothing can be checked. An external
// restart of the gateway begins grace time and timeout again. `action` and `probes` must outlive the coroutine.
// Errors: gateway (at once if a check fails for good, else after `timeout`), disk (the gateway's state could not be
// read), cancelled.
boost::asio::awaitable<Result<Activation>> verify(Action& action, const Probes& probes, GatewaySnapshot before,
                                                  std::chrono::seconds timeout);

}  // namespace renewd::gateway
