// A fleet of real daemons that something happens to, and what the auditor says afterwards.
#pragma once

#include <functional>
#include <string>

#include "fleet_history.hpp"

namespace renewd::testing {

// All that the daemons have logged.
std::string logs(const FleetHosts& fleet);
bool has_logged(const FleetHosts& fleet, std::size_t host, const std::string& event);
// Fails the test, with the logs, after a deadline that only a fault reaches.
void wait_or_fail(const FleetHosts& fleet, const std::string& what, const std::function<bool()>& condition);

// Fails the test for each violation.
void check(const FleetHosts& fleet, const FleetHistory& history);
// The same for what has happened until all hosts use one certificate, and nothing is left over.
void check_history(FleetHosts& fleet, FleetRecorder& recorder, unsigned restart_at_once);

// Until another host than that one, which is dead or cut off, has published a certificate.
void wait_for_takeover(FleetHosts& fleet, FleetRecorder& recorder, std::size_t leader);
// Three hosts that take over after twice the request timeout, and retry after a second.
FleetOptions quick_takeover();

}  // namespace renewd::testing
