// The part of `validate --online` that talks to etcd. Changes nothing there.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "fleet/sealed.hpp"
#include "fleet/store.hpp"
#include "preflight/host_check.hpp"

namespace renewd::commands {

struct FleetProbe {
  std::vector<preflight::HostFinding> findings;
  std::vector<std::string> good;  // sentences
};

// Whether etcd is reachable, lets this user read and write each account's keys, and has what these keys open. `store`
// must outlive the coroutine.
boost::asio::awaitable<FleetProbe> probe_fleet(fleet::Store& store, configuration::Settings settings,
                                               Result<std::vector<fleet::FleetKey>> keys);

}  // namespace renewd::commands
