#include "configuration/settings.hpp"

namespace renewd::configuration {

std::string CertificateSettings::account_id() const {
  const auto slash = account_url.find_last_of('/');
  return slash == std::string::npos ? std::string() : account_url.substr(slash + 1);
}

}  // namespace renewd::configuration
