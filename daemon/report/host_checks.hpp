// The checks of what surrounds a certificate: the gateway, the token, the state, the daemon. They need no readable
// keystore.
#pragma once

#include <vector>

#include "report/certificate_status.hpp"
#include "report/finding.hpp"

namespace renewd::report {

// Appends what they find, in the order of the checks.
void add_host_findings(const CertificateStatus& standing, std::vector<Finding>& findings);

}  // namespace renewd::report
