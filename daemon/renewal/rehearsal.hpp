// Everything of a renewal but the request, the replacement and the restart (`renew --dry-run`): what would stop it is
// found months before it matters.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "renewal/renewal.hpp"

namespace renewd::renewal {

struct RehearsedStep {
  std::string what;            // "token", "cloud", …
  Result<std::string> result;  // what was found, for people
};

// Everything of a request that comes before it: name, connection, proxy and TLS. Nothing is sent, not even the token.
boost::asio::awaitable<Result<std::string>> rehearse_cloud(http::HttpClient& http, std::string account_url);

// Changes nothing in the cloud, and nothing that stays on this host. Every step is tried, whatever came of the others.
boost::asio::awaitable<std::vector<RehearsedStep>> rehearse(RenewalContext context,
                                                            configuration::CertificateSettings settings,
                                                            std::filesystem::path state_directory);

}  // namespace renewd::renewal
