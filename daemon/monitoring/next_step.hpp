// What the daemon does next about a certificate, in a sentence: "The daemon renews the certificate at …, in 282 days".
// Of the time of the page, while the step itself is of the last check.
#pragma once

#include <string>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

std::string next_step(const report::CertificateStatus& standing, TimePoint now);

}  // namespace renewd::monitoring
