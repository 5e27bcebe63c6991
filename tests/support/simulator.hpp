// The cloud simulator beside a test. Its account token and its keystore password are words that occur nowhere else, so
// that a test can look for them in whatever a program prints.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace renewd::testing {

inline constexpr const char* kAccount = "7b6f41d3-7118-41e9-af41-d3711801e973";
inline constexpr const char* kAccountToken = "token-4kQz7-of-the-account";
inline constexpr const char* kKeystorePassword = "password-8mWx2-of-the-keystore";

class Simulator {
 public:
  // Listens when it returns. `flags` are added to those for the directory, the token and the password.
  explicit Simulator(const std::vector<std::string>& flags = {});

  const std::string& url() const { return url_; }
  std::string account_url() const { return url_ + "/management/accounts/" + kAccount; }
  // The authority of the server's own certificate.
  std::filesystem::path ca_file() const { return directory_ / "ca.pem"; }
  // The authority of what it issues.
  std::filesystem::path client_ca_file() const { return directory_ / "client-ca.pem"; }
  // The server's certificate and key, for other servers under the same authority.
  std::filesystem::path server_certificate() const { return directory_ / "server.pem"; }
  std::filesystem::path server_key() const { return directory_ / "server.key"; }

  // Every request so far, as the simulator wrote it down.
  std::vector<boost::json::object> requests() const;
  std::size_t request_count() const;
  // The files that it issued, oldest first.
  std::vector<std::filesystem::path> issued() const;

  BackgroundProcess& process() { return process_; }

 private:
  TemporaryDirectory directory_;
  BackgroundProcess process_;
  std::string url_;
};

}  // namespace renewd::testing
