// What only this host can tell about a configuration (`validate`): files, keystores, secrets, units. Found months
// before a renewal fails of it. Changes nothing, and asks nobody outside of this host.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"

namespace renewd::renewal {

struct HostFinding {
  // What in the configuration it is about: "certificates[0].keystore.path"; empty for the whole file.
  std::string key;
  // warning: something of a renewal would not work, or worse than it should. info: it could not be looked at from here.
  Level level;
  std::string message;
};

// Run by root, files are judged by what the user of the installed unit may do (gravitee-renewd.service); otherwise by
// what this process may. `file` is the configuration itself. Must be called from a process of one thread.
boost::asio::awaitable<std::vector<HostFinding>> check_host(boost::asio::any_io_executor executor,
                                                            configuration::Settings settings,
                                                            std::filesystem::path file, TimePoint now);

}  // namespace renewd::renewal
