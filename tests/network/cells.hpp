// Proxies and networks between a host and the cloud: how each is made, and how the daemon must react.
#pragma once

#include <string>
#include <vector>

#include "network/proxies.hpp"

namespace renewd::testing {

// The tests, which ctest runs beside each other.
enum class Part { proxy_refuses, proxy_breaks, proxy_opens_tls, ipv6, addresses, packets, interface };

// Whether the host has a user and a password for the proxy.
enum class Login { none, right, wrong };

enum class Runner {
  renew,
  daemon,         // which must renew by itself once the network is restored
  stopped_daemon  // which is told to end in the middle, and must still answer and end
};

// What happens once the request has arrived, before the cloud answers: a script in the host's network, a signal for the
// proxy. Then the cloud answers; then, if `restored_soon`, the network is restored.
struct Meanwhile {
  std::string script;
  int proxy_signal = 0;
  bool restored_soon = false;

  bool happens() const { return !script.empty() || proxy_signal != 0; }
};

struct Cell {
  Part part;
  std::string what;
  // Of the event `renewal_failed`, and a part of its message. Empty: it is renewed, with one request.
  std::string failure_class = {};
  std::string message = {};
  std::string advice = {};  // a part of it

  Proxy proxy = Proxy::none;
  std::string setup = {};  // of the proxy
  Login login = Login::none;
  bool transparent = false;                     // the network leads to the proxy, the host is not told of it
  bool trusts_proxy = false;                    // http.ca_file is the CA of a proxy that opens TLS
  std::string proxy_address = "192.0.2.2";      // as a URL has it
  std::string cloud = "cloud.example";          // likewise
  std::vector<std::string> cloud_options = {};  // of the simulator
  std::string hosts = {};                       // /etc/hosts, if another one than with both addresses of the cloud
  std::string resolver = {};                    // /etc/resolv.conf
  // Scripts in the two networks before the renewal. Each counter of nft must count something.
  std::string in_host = {};
  std::string in_internet = {};
  Meanwhile meanwhile = {};
  Runner runner = Runner::renew;
  int connect_timeout = 30;  // s
  int request_timeout = 60;  // s
  std::size_t requests = 0;  // that the cloud has had when the renewal fails
};

const std::vector<Cell>& cells();

struct Verdict {
  std::vector<std::string> problems;  // none: the cell is as it must be
  std::string log;                    // what the binary said
};

// Without Catch, and in a thread of the cell's own.
Verdict run_cell(const Cell& cell);

}  // namespace renewd::testing
