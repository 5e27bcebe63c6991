#include "supervision/fleet_link.hpp"

#include <ctime>
#include <utility>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include "certificate/digest.hpp"
#include "renewal/host.hpp"

namespace renewd::supervision {
namespace {

// Nobody sets this clock, and it goes on in suspend (clock_gettime(2)).
fleet::BootTime boot_time() {
  std::timespec now{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

std::string fleet_host(const configuration::EtcdSettings& settings) {
  return settings.host.value_or(renewal::host_name());
}

std::shared_ptr<const FleetLink> make_link(const configuration::EtcdSettings& settings,
                                           std::shared_ptr<fleet::Store> store, const Filesystem& filesystem,
                                           std::string process) {
  // The machine's id is nobody else's business (machine-id(5)): only a part of a digest is shared.
  std::string machine;
  for (const auto byte : certificate::digest_of(renewal::host_identity(filesystem))) {
    machine += fmt::format("{:02x}", byte);
  }
  machine.resize(32);
  return std::make_shared<const FleetLink>(
      FleetLink{settings, std::move(store), fleet_host(settings), std::move(machine), std::move(process), boot_time});
}

std::string new_id() {
  return boost::uuids::to_string(boost::uuids::random_generator()());
}

}  // namespace renewd::supervision
