// Checks a configuration against this host (`validate`): files, keystores, secrets, units. Finds problems months before
// a renewal would fail because of them. Changes nothing, and makes no connection to other hosts.
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

namespace renewd::preflight {

struct HostFinding {
  // The configuration key that it is about: "certificates[0].keystore.path"; empty for the whole file.
  std::string key;
  // warning: part of a renewal would not work as it should. info: it cannot be checked from here.
  Level level;
  std::string message;
};

// As root, checks files with the permissions of the installed unit's user (gravitee-renewd.service); otherwise with
// those of this process. `file` is the configuration itself. Call it only in a single-threaded process.
boost::asio::awaitable<std::vector<HostFinding>> check_host(boost::asio::any_io_executor executor,
                                                            configuration::Settings settings,
                                                            std::filesystem::path file, TimePoint now);

}  // namespace renewd::preflight
