// The status page: one HTML document without scripts that loads nothing. Shows no secret, and no path of one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "report/certificate_status.hpp"

namespace renewd::monitoring {

struct PageContents {
  const std::vector<std::string>& names;  // the configured certificates
  const std::map<std::string, report::CertificateStatus>& standings;
  TimePoint now;
  // Paths of secrets, which error messages may contain and the page must not.
  const std::vector<std::string>& hidden;
  // Whether the daemon refused the configuration at the last reload.
  bool configuration_refused = false;
  // The certificates whose supervisor makes no progress.
  std::vector<std::string> stuck = {};
  std::string host = {};  // its name; empty: unknown
};

std::string page(const PageContents& contents);

}  // namespace renewd::monitoring
