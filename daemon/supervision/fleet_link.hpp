// What all members of the fleet in one process share: their connection to etcd, and who this process is.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "configuration/fleet_settings.hpp"
#include "core/filesystem.hpp"
#include "fleet/sightings.hpp"
#include "fleet/store.hpp"

namespace renewd::supervision {

struct FleetLink {
  configuration::EtcdSettings settings;
  std::shared_ptr<fleet::Store> store;
  std::string host;     // its name in the fleet
  std::string machine;  // tells apart two machines with the same name
  std::string process;  // and two processes
  std::function<fleet::BootTime()> boot_time;
};

// Who this host is in the fleet, with this connection. The host name is the default of fleet.etcd.host.
std::shared_ptr<const FleetLink> make_link(const configuration::EtcdSettings& settings,
                                           std::shared_ptr<fleet::Store> store, const Filesystem& filesystem,
                                           std::string process);
std::string fleet_host(const configuration::EtcdSettings& settings);

// A random id (RFC 9562, version 4).
std::string new_id();

}  // namespace renewd::supervision
