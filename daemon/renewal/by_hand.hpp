// Commands of an operator: activate the installed keystore, or install a stored one.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/deploy.hpp"

namespace renewd::renewal {

// Activates the installed keystore, even if the gateway already uses it. Resumes a renewal that only waits for that.
// Logs each step. The caller holds the lock. Errors: gateway, disk, busy, cancelled.
boost::asio::awaitable<Result<Completed>> activate_installed(Workspace& work, Deploy& deploy);

// Installs the previous keystore, or a generation of the operator's choice (also a newer one) of the same account, and
// makes the gateway use it; the installed one is stored. Never an expired one. When the gateway does not run with it,
// it stays, and the next run resumes there. The caller holds the lock. Errors: gateway, disk, busy, cancelled.
boost::asio::awaitable<Result<Completed>> restore(Workspace& work, Deploy& deploy, std::optional<int> generation);

}  // namespace renewd::renewal
