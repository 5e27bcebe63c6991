// What the state directory remembers of a certificate that it can no longer, or need not, open.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json/fwd.hpp>

#include "certificate/certificate.hpp"

namespace renewd::installation {

struct CertificateRecord {
  std::string serial;
  std::string fingerprint;  // SHA-256
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;

  bool operator==(const CertificateRecord&) const = default;
};

CertificateRecord record_of(const certificate::Certificate& certificate);

// Dates are seconds since the epoch.
boost::json::object to_json(const CertificateRecord& record);
// Nothing when a member is missing, or not of the form and size that one has (state_checks.hpp).
std::optional<CertificateRecord> certificate_record(const boost::json::value& value);

}  // namespace renewd::installation
