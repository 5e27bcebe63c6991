// The proxies of the cells, in the network of this thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "support/command.hpp"
#include "support/temporary_directory.hpp"
#include "unit/http/scripted_server.hpp"

namespace renewd::testing {

enum class Proxy { none, squid, opening_squid, tinyproxy, scripted };

// Why there can be no such proxy; nothing if there can.
std::optional<std::string> obstacle(Proxy proxy);

class RunningProxy {
 public:
  // `setup`: lines of squid's or tinyproxy's configuration, in which DIRECTORY is a directory of the proxy with the
  // file "passwords", or the response of a scripted one. `cloud_ca`: what a proxy that opens TLS trusts.
  RunningProxy(Proxy proxy, const std::string& setup, const std::filesystem::path& cloud_ca);

  std::uint16_t port() const;
  // The CA of a squid that opens TLS.
  std::filesystem::path ca_file() const { return directory_ / "proxy-ca.pem"; }
  // Of squid or tinyproxy.
  void send_signal(int signal);

 private:
  void start_squid(const std::string& port_options, const std::string& setup);
  void make_ca(const std::filesystem::path& cloud_ca);
  std::string in_directory(std::string setup) const;

  TemporaryDirectory directory_;
  std::unique_ptr<BackgroundProcess> process_;
  std::unique_ptr<ScriptedServer> scripted_;
};

}  // namespace renewd::testing
