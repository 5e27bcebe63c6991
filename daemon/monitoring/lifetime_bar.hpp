// The lifetime of a certificate as a bar: the time elapsed, the renewal window with this host's turn in it, past
// renewals, today.
#pragma once

#include <string>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

// Of the installed certificate or, if that expires earlier, of the one in use. Empty if the keystore is unreadable, or
// the clock in doubt.
std::string lifetime_bar(const report::CertificateStatus& standing, TimePoint now);
// What its colours mean.
std::string legend();

}  // namespace renewd::monitoring
