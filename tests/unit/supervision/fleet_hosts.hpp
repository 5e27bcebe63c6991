// Hosts that share a certificate through an etcd in memory, each with a supervisor, a cloud and a gateway of its own.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "fleet/local_record.hpp"
#include "fleet/sealed.hpp"
#include "fleet/view.hpp"
#include "supervised.hpp"
#include "support/fleet/memory_store.hpp"

namespace renewd::testing {

struct FleetHost {
  explicit FleetHost(const std::string& host_name) : name(host_name), machine("machine-of-" + host_name) {
    world.clock.time = std::chrono::system_clock::now() + 6 * 24h;  // inside the renewal window
    settings.schedule.splay = 0s;
    settings.state_directory = world.directory / "state";
  }

  std::string member() const { return name + "/production"; }
  state::StatePaths paths() { return {world.directory / "state", "production"}; }
  std::string installed() { return read_file(world.keystore); }

  struct Process {
    Process(asio::io_context& io, FleetHost& host, MemoryEtcd& etcd, const std::function<fleet::BootTime()>& boot)
        : store(std::make_shared<MemoryStore>(io.get_executor(), etcd)),
          slots(io.get_executor(), 1),
          looks(io.get_executor(), 1),
          objects(host.world),
          supervisor(io.get_executor(), objects.context, {slots, looks, board, link(host, boot)}, host.world.settings,
                     host.settings, {}) {
      asio::co_spawn(io, as_root(supervisor.run()),
                     asio::bind_cancellation_slot(stop.slot(), [this](std::exception_ptr thrown) {
                       ended = true;
                       if (thrown) {
                         std::rethrow_exception(thrown);
                       }
                     }));
    }
    std::shared_ptr<const supervision::FleetLink> link(const FleetHost& host,
                                                       const std::function<fleet::BootTime()>& boot) const {
      return std::make_shared<supervision::FleetLink>(
          supervision::FleetLink{host.etcd, store, host.name, host.machine, supervision::new_id(), boot});
    }

    std::shared_ptr<MemoryStore> store;
    Slots slots;
    Slots looks;
    report::StatusBoard board;
    const World::Objects objects;
    supervision::Supervisor supervisor;
    asio::cancellation_signal stop;
    bool ended = false;
  };

  std::string name;
  std::string machine;
  World world;
  configuration::Settings settings;
  configuration::EtcdSettings etcd;
  std::unique_ptr<Process> process;
};

struct FleetOfHosts {
  explicit FleetOfHosts(const std::vector<std::string>& names) {
    const Secret key = fleet::FleetKey::generate().value();
    for (const auto& name : names) {
      hosts.emplace_back(name);
      hosts.back().etcd.key = SecretSource{.kind = SecretSource::Kind::value, .name = "", .value = key};
    }
  }
  ~FleetOfHosts() {
    for (auto& host : hosts) {
      stop(host);
    }
  }

  FleetHost& operator[](const std::string& name) { return *std::ranges::find(hosts, name, &FleetHost::name); }
  void start(FleetHost& host) {
    host.process = std::make_unique<FleetHost::Process>(io, host, etcd, [this] { return boot; });
  }
  void start() {
    for (auto& host : hosts) {
      start(host);
    }
  }
  void stop(FleetHost& host) {
    if (host.process) {
      host.process->stop.emit(asio::cancellation_type::terminal);
      run_until([&] { return host.process->ended; });
      host.process->store->expire_lease();
      host.process.reset();
    }
  }
  // What happens until then, on all hosts.
  void run_until(const std::function<bool()>& satisfied) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    io.restart();
    while (!satisfied()) {
      INFO(log());
      REQUIRE(io.run_one_until(end) == 1);
    }
  }
  // Until nothing is left to do.
  void settle() {
    io.restart();
    while (io.poll() > 0) {
    }
  }
  // Time passes, for what is measured without the wall clock; the hosts notice with the next change.
  void pass(std::chrono::seconds time) {
    boot += time;
    etcd.put(keys.members() + "nobody/production", std::to_string(boot.count()));
  }

  fleet::View view() const { return fleet::view_of(etcd.read(keys.base()), keys); }
  fleet::Rollout rollout() const { return view().rollout.value.value_or(fleet::Rollout()); }
  int requests() {
    int sum = 0;
    for (const auto& host : hosts) {
      sum += host.world.cloud.requests;
    }
    return sum;
  }
  std::string log() const {
    std::string all;
    for (const auto& host : hosts) {
      all += host.name + ":\n" + host.world.logged.str();
    }
    return all;
  }

  asio::io_context io;
  MemoryEtcd etcd;
  fleet::BootTime boot{1h};
  fleet::Keys keys{"/gravitee-renewd", "account"};
  std::list<FleetHost> hosts;
};

inline bool all_verified(const FleetOfHosts& fleet) {
  return fleet.rollout().verified.size() == fleet.hosts.size();
}

}  // namespace renewd::testing
