// What the state directory stores about a certificate, so that nothing has to open its keystore.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json/fwd.hpp>

#include "certificate/certificate.hpp"

namespace renewd::state {

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
// Nothing if a member is missing or invalid (state_checks.hpp).
std::optional<CertificateRecord> certificate_record(const boost::json::value& value);

}  // namespace renewd::state
