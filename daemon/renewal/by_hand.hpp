// What an operator asks for: the installed keystore activated, or a stored one installed.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "renewal/context.hpp"
#include "renewal/deploy.hpp"

namespace renewd::renewal {

// Makes the gateway use what is installed, whatever it uses now. A renewal that waits for just that is resumed. Logs
// each step. The caller holds the lock. Errors: gateway, disk, busy, cancelled.
boost::asio::awaitable<Result<Completed>> activate_installed(Workspace& work, Deploy& deploy);

// Installs the previous keystore, or a generation of the operator's choice (also a newer one) of the same account, and
// makes the gateway use it; the installed one is stored. Never an expired one. When the gateway does not run with it,
// it stays, and the next run resumes there. The caller holds the lock. Errors: gateway, disk, busy, cancelled.
boost::asio::awaitable<Result<Completed>> restore(Workspace& work, Deploy& deploy, std::optional<int> generation);

}  // namespace renewd::renewal
