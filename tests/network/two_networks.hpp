// Two networks of a test's own: that of a host, and that of the internet with the cloud and the proxies, joined by one
// cable. They belong to the thread that made them and to what it starts, and vanish with these, even if the test is
// killed. So do the files of /etc that are replaced.
//
//   host      192.0.2.1, 2001:db8::1, by default routed to
//   internet  192.0.2.2, 2001:db8::2; the cloud, cloud.example, is 198.51.100.1 and 2001:db8:1::1
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace renewd::testing {

class TwoNetworks {
 public:
  // What keeps this process from making networks; nothing if it can.
  static std::optional<std::string> obstacle();

  // Once a thread, which is then in that of the internet.
  TwoNetworks();
  TwoNetworks(const TwoNetworks&) = delete;
  TwoNetworks& operator=(const TwoNetworks&) = delete;
  ~TwoNetworks();

  // This thread, and what it starts from now on.
  void enter_host();
  void enter_internet();
  // A script of sh, with ip and nft. Throws if it fails. Leaves this thread in the network.
  void in_host(const std::string& script);
  void in_internet(const std::string& script);
  // The cable with its addresses and routes as in the beginning; no rule of nft in either network.
  void restore();
  // The contents of /etc/NAME for this thread and what it starts.
  void replace(const std::string& name, const std::string& contents);

  // How many counters of nft in both networks have counted nothing.
  std::size_t idle_counters();

 private:
  void plug_in();

  TemporaryDirectory directory_;
  std::vector<std::string> mounted_;  // in this order
  int host_ = -1;
  int internet_ = -1;
};

}  // namespace renewd::testing
