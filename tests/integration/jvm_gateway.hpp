// A JVM that uses the keystore of a Host as Gravitee's connector does (tests/support/java/Gateway.java), and a script
// that restarts it as a service manager would.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/host.hpp"

namespace renewd::testing {

class JvmGateway {
 public:
  // `host` must outlive it. Starts the JVM with the keystore as it is; throws when it does not come up.
  explicit JvmGateway(Host& host);
  JvmGateway(const JvmGateway&) = delete;
  JvmGateway& operator=(const JvmGateway&) = delete;
  // Ends the JVM.
  ~JvmGateway();

  // For the configuration: "gateway: {command: …}".
  std::string setting() const;
  // The serial of the certificate that it has started with; empty when it is not running.
  std::string serial() const;
  // The file that the JVM reads its password from: its own, apart from the daemon's.
  std::filesystem::path password_file() const { return host_ / "gateway-password"; }
  void restart() const;
  // A restart with the keystore whose checksum is in the first waits until that is gone; the second says that it does.
  std::filesystem::path hold_file() const { return host_ / "gateway-hold"; }
  std::filesystem::path waiting_file() const { return host_ / "gateway-waits"; }

 private:
  std::vector<std::string> restart_command() const;
  bool runs() const;

  Host& host_;
};

}  // namespace renewd::testing
