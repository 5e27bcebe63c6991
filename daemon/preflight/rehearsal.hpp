// A dry run (`renew --dry-run`): every step of a renewal except the request, the replacement and the restart, to find
// problems months before they matter.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"

namespace renewd::preflight {

struct RehearsedStep {
  std::string what;            // "token", "cloud", …
  Result<std::string> result;  // what was found
};

// Changes nothing in the cloud, and leaves nothing behind on this host. Tries every step, even after others failed.
boost::asio::awaitable<std::vector<RehearsedStep>> rehearse(renewal::RenewalContext context,
                                                            configuration::CertificateSettings settings,
                                                            std::filesystem::path state_directory);

}  // namespace renewd::preflight
