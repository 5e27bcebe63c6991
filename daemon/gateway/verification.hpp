// Whether a gateway that was just activated is well, and stays so: its action and all its probes, seen together.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "gateway/action.hpp"
#include "gateway/probe.hpp"

namespace renewd::gateway {

using Probes = std::vector<std::unique_ptr<Probe>>;

// How long a unit must stay up before it is believed. A service of Type=simple is active as soon as it is forked; a JVM
// that cannot work ends within seconds. A twelfth of the timeout, between 2 and 10 s.
std::chrono::seconds grace_time(std::chrono::seconds timeout);

// The bound of a verification whose time begins again, since others restart the gateway in the middle of it.
std::chrono::seconds longest_verification(std::chrono::seconds timeout);

// Looks until everything is well in one look after the grace time, which is left out where nothing can be seen, and
// begins again when others restart the gateway, as `timeout` does; an action that is not well, or a probe that gives
// up, ends it at once. `action` and `probes` must outlive the coroutine. Errors: gateway (also for what is still
// missing after `timeout`), disk (the gateway could not be looked at), cancelled.
boost::asio::awaitable<Result<Activation>> verify(Action& action, const Probes& probes, GatewaySnapshot before,
                                                  std::chrono::seconds timeout);

}  // namespace renewd::gateway
