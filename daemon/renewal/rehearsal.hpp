// Everything of a renewal but the request, the replacement and the restart (`renew --dry-run`): what would stop it is
// found months before it matters.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"

namespace renewd::renewal {

struct RehearsedStep {
  std::string what;            // "token", "cloud", …
  Result<std::string> result;  // what was found, for people
};

// Changes nothing in the cloud, and nothing that stays on this host. Every step is tried, whatever came of the others.
boost::asio::awaitable<std::vector<RehearsedStep>> rehearse(RenewalContext context,
                                                            configuration::CertificateSettings settings,
                                                            std::filesystem::path state_directory);

}  // namespace renewd::renewal
