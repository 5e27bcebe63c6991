// Hosts of one account that share a certificate through a real etcd: each with the real binary, a keystore of its own,
// and a gateway that writes into one file when it goes down and comes up, by the clock of this machine.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "support/etcd_cluster.hpp"
#include "support/host.hpp"
#include "support/tcp_proxy.hpp"

namespace renewd::testing {

struct FleetOptions {
  std::size_t hosts = 3;
  EtcdOptions etcd = {};
  std::vector<std::string> simulator = {};  // flags of the cloud
  std::vector<std::string> fleet = {};      // more lines of fleet.etcd, in flow style: "restart_at_once: 2"
  std::vector<std::string> top_level = {};  // more lines of the configuration
  std::optional<std::chrono::seconds> request_timeout = std::nullopt;
  bool proxied = false;  // each host reaches each member of etcd through a proxy of its own
};

class FleetHosts {
 public:
  // No daemon runs yet.
  explicit FleetHosts(FleetOptions options = {});

  EtcdCluster& etcd() { return etcd_; }
  Simulator& cloud() { return first_.cloud(); }
  std::size_t size() const { return members_.size(); }
  Host& host(std::size_t i) const { return *members_[i].host; }

  // `launcher`: a program that runs the daemon that follows, with its arguments.
  void start(std::size_t i, const std::vector<std::string>& launcher = {});
  void start_all();
  void kill(std::size_t i);  // SIGKILL
  // What etcd does by itself a minute after the daemon was killed: its member record vanishes.
  void expire_lease(std::size_t i);
  void stop(std::size_t i);  // SIGTERM; the exit status must be 0
  bool runs(std::size_t i) const { return members_[i].daemon != nullptr; }
  BackgroundProcess& daemon(std::size_t i) { return *members_[i].daemon; }
  // What it has logged so far, of all its runs.
  Events events(std::size_t i) const;
  std::string log(std::size_t i) const;

  // Between one host and all members of etcd, if `proxied`.
  void set_network(std::size_t i, Network network);
  // When one host has connected to any member of etcd, if `proxied`: for each call, and for each watch.
  std::vector<TimePoint> connections(std::size_t i) const;
  // From now on its gateway fails, or works.
  void break_gateway(std::size_t i, bool broken);
  // A command with the binary, for one host.
  CommandResult command(std::size_t i, const std::vector<std::string>& words);

  // How many hosts have what the cloud issued as its `index`th, and have restarted their gateway with it.
  std::size_t hosts_that_use(std::size_t index);
  // The largest number of gateways that were down at once.
  std::size_t most_down_at_once() const;
  // Lines of "down NAME MILLISECONDS" and "up NAME MILLISECONDS", in order.
  std::string gateways() const { return read_file(shared_ / "gateways"); }

 private:
  struct Member {
    std::unique_ptr<Host> host;
    std::unique_ptr<BackgroundProcess> daemon = nullptr;
    std::vector<std::unique_ptr<TcpProxy>> proxies = {};
  };

  void configure(std::size_t i);

  FleetOptions options_;
  EtcdCluster etcd_;
  Host first_;  // with the cloud
  std::vector<Member> members_;
  TemporaryDirectory shared_;
};

}  // namespace renewd::testing
