// Schedules of faults, each from a seed, on a real etcd with real daemons. When the faults have ended, all hosts must
// use one certificate, and the auditor finds no violation in what has happened. To replay one: RENEWD_FLEET_SEED=17.
#include <signal.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <sstream>

#include <fmt/format.h>

#include "fleet_history.hpp"
#include "support/catch.hpp"
#include "support/wait_until.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{240};
constexpr std::string_view kPhases[] = {"fleet_leading",   "renewal_requested",  "renewal_answered",
                                        "fleet_published", "keystore_installed", "gateway_activated",
                                        "fleet_turn",      "fleet_following"};

FleetOptions options_of(std::size_t hosts, unsigned restart_at_once) {
  FleetOptions options;
  options.hosts = hosts;
  options.fleet = {fmt::format("restart_at_once: {}", restart_at_once), "takeover_after: 20s", "lost_after: 5s"};
  options.top_level = {"schedule: {splay: 0s, retry_at_least: 1s, retry_at_most: 2s}"};
  options.request_timeout = std::chrono::seconds(10);
  options.proxied = true;
  return options;
}

class FaultSchedule {
 public:
  explicit FaultSchedule(unsigned seed)
      : random_(seed),
        hosts_(5 + random_() % 4),
        restart_at_once_(1 + random_() % 3),
        fleet_(options_of(hosts_, restart_at_once_)),
        recorder_(fleet_) {}

  // Empty: all is well. Otherwise, what is wrong, with all that is known.
  std::string run() {
    fleet_.start_all();
    const std::size_t faults = 4 + random_() % 5;
    for (std::size_t i = 0; i < faults; ++i) {
      await_phase();
      begin_fault();
      if (random_() % 2 == 0) {
        await_phase();
        end_faults();
      }
    }
    end_faults();
    std::string problem;
    try {
      wait_until([this] { return at_rest(); }, kDeadline);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    const FleetHistory history = recorder_.history(restart_at_once_, problem.empty());
    // Otherwise the auditor had nothing to check.
    if (history.restarts.size() < hosts_ || history.installations.size() < hosts_ ||
        fleet_.cloud().request_count() > history.posts.size()) {
      problem += fmt::format("\nonly {} restarts, {} installations and {} requests are known", history.restarts.size(),
                             history.installations.size(), history.posts.size());
    }
    for (const auto& violation : audit(history)) {
      problem += fmt::format("\ninvariant {}: {}", violation.invariant, violation.what);
    }
    return problem.empty() ? problem : problem + report();
  }

 private:
  std::size_t any_host() { return random_() % hosts_; }
  void did(std::string what) { done_.push_back(std::move(what)); }

  std::size_t logged(std::string_view name) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < hosts_; ++i) {
      const std::string log = fleet_.log(i);
      const std::string text = fmt::format("\"event\":\"{}\"", name);
      for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
        ++count;
      }
    }
    return count;
  }

  // Until some host comes to a phase, or for a while.
  void await_phase() {
    const std::string_view phase = kPhases[random_() % std::size(kPhases)];
    const std::size_t before = logged(phase);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200 + random_() % 1800);
    wait_until([&] { return logged(phase) > before || std::chrono::steady_clock::now() >= end; });
    did(fmt::format("{}{}", phase, logged(phase) > before ? "" : " did not come"));
  }

  std::size_t leading_host() {
    for (std::size_t i = 0; i < hosts_; ++i) {
      if (fleet_.log(i).find("\"event\":\"fleet_leading\"") != std::string::npos) {
        return i;
      }
    }
    return any_host();
  }

  void network(Network network, std::string_view name) {
    const std::size_t host = random_() % 2 == 0 ? leading_host() : any_host();
    did(fmt::format("the network of {} {}", host, name));
    fleet_.set_network(host, network);
    undo_.emplace_back([this, host] { fleet_.set_network(host, Network::works); });
  }

  void kill_daemon(std::size_t host) {
    if (!fleet_.runs(host)) {
      return;
    }
    did(fmt::format("{} is killed", host));
    fleet_.kill(host);
    undo_.emplace_back([this, host] { fleet_.start(host); });
  }

  void stop_daemon() {
    const std::size_t host = any_host();
    if (fleet_.runs(host)) {
      did(fmt::format("{} is stopped", host));
      fleet_.daemon(host).send_signal(SIGSTOP);
      undo_.emplace_back([this, host] {
        if (fleet_.runs(host)) {
          fleet_.daemon(host).send_signal(SIGCONT);
        }
      });
    }
  }

  void kill_etcd(std::size_t members) {
    end_faults();
    const std::size_t first = random_() % 3;
    did(fmt::format("{} members of etcd are killed, from {} on", members, first));
    for (std::size_t i = 0; i < members; ++i) {
      fleet_.etcd().kill((first + i) % 3);
    }
    undo_.emplace_back([this, first, members] {
      for (std::size_t i = 0; i < members; ++i) {
        fleet_.etcd().start((first + i) % 3);
      }
    });
  }

  void pause_etcd() {
    end_faults();
    const std::size_t member = random_() % 3;
    did(fmt::format("member {} of etcd is stopped", member));
    fleet_.etcd().pause(member);
    undo_.emplace_back([this, member] { fleet_.etcd().resume(member); });
  }

  void compact() {
    end_faults();
    try {
      recorder_.catch_up();
      if (recorder_.revision() > 1) {
        fleet_.etcd().compact(recorder_.revision());
        did("compaction");
      }
    } catch (const std::exception& error) {
      did(std::string("no compaction: ") + error.what());
    }
  }

  void break_gateway() {
    const std::size_t host = any_host();
    did(fmt::format("the gateway of {} fails", host));
    fleet_.break_gateway(host, true);
    undo_.emplace_back([this, host] { fleet_.break_gateway(host, false); });
  }

  void halt() {
    const std::size_t host = any_host();
    did(fmt::format("{} halts", host));
    if (fleet_.command(host, {"fleet", "halt"}).status == 0) {
      undo_.emplace_back([this, host] {
        wait_until([this, host] { return fleet_.command(host, {"fleet", "resume"}).status == 0; }, kDeadline);
      });
    }
  }

  void begin_fault() {
    switch (random_() % 11) {
      case 0:
        return network(Network::cut, "is cut");
      case 1:
        return network(Network::silent, "is silent");
      case 2:
        return network(Network::loses_responses, "loses responses");
      case 3:
        return kill_daemon(any_host());
      case 4:
        return kill_daemon(leading_host());
      case 5:
        return stop_daemon();
      case 6:
        return kill_etcd(1);
      case 7:
        return kill_etcd(2);
      case 8:
        return pause_etcd();
      case 9:
        return random_() % 2 == 0 ? compact() : halt();
      default:
        return break_gateway();
    }
  }

  // The last one first: a halted fleet is resumed by a host that is there again.
  void end_faults() {
    if (undo_.empty()) {
      return;
    }
    did("these faults end");
    const auto undo = std::exchange(undo_, {});
    for (auto one = undo.rbegin(); one != undo.rend(); ++one) {
      (*one)();
    }
  }

  bool at_rest() {
    try {
      recorder_.catch_up();
    } catch (const std::exception&) {
      return false;
    }
    const fleet::View& view = recorder_.view();
    const auto& rollout = view.rollout.value;
    const bool idle = view.renewal.value && !view.renewal.value->claim && rollout && rollout->holders.empty();
    if (!idle || !view.generation.value || view.members.size() != hosts_) {
      return false;
    }
    const std::string& newest = view.generation.value->header.certificate.fingerprint;
    return std::ranges::all_of(view.members, [&newest](const auto& member) {
      return member.second.value && member.second.value->in_use && member.second.value->in_use->fingerprint == newest;
    });
  }

  std::string report() {
    std::string text = fmt::format("\n{} hosts, restart_at_once {}\n", hosts_, restart_at_once_);
    for (const auto& step : done_) {
      text += "  " + step + "\n";
    }
    text += fleet_.gateways();
    for (const auto& revised : recorder_.history(restart_at_once_, false).revisions) {
      for (const auto& put : revised.changes.puts) {
        text += fmt::format("{} {} {}\n", revised.changes.revision, put.key, put.value.substr(0, 400));
      }
      for (const auto& key : revised.changes.deleted) {
        text += fmt::format("{} {} deleted\n", revised.changes.revision, key);
      }
    }
    for (std::size_t i = 0; i < hosts_; ++i) {
      text += fmt::format("--- gateway-{}\n{}", i, fleet_.log(i));
    }
    return text;
  }

  std::mt19937 random_;
  std::size_t hosts_;
  unsigned restart_at_once_;
  FleetHosts fleet_;
  FleetRecorder recorder_;
  std::vector<std::function<void()>> undo_;
  std::vector<std::string> done_;
};

void run_seed(unsigned seed) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string problem = FaultSchedule(seed).run();
  const auto took = std::chrono::round<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  std::cerr << fmt::format("seed {}: {}, {} s\n", seed, problem.empty() ? "ok" : "FAILED", took.count());
  INFO("RENEWD_FLEET_SEED=" << seed << problem);
  CHECK(problem.empty());
}

// One seed, if the environment names it, otherwise those from `first` on.
void run_seeds(unsigned first, unsigned count) {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  if (const char* one = std::getenv("RENEWD_FLEET_SEED"); one != nullptr) {
    run_seed(static_cast<unsigned>(std::stoul(one)));
    return;
  }
  for (unsigned seed = first; seed < first + count; ++seed) {
    run_seed(seed);
  }
}

}  // namespace

TEST_CASE("fleet: no schedule of faults breaks an invariant, seeds 1 to 8") {
  run_seeds(1, 8);
}

TEST_CASE("fleet: no schedule of faults breaks an invariant, seeds 9 to 16") {
  run_seeds(9, 8);
}

TEST_CASE("fleet: no schedule of faults breaks an invariant, seeds 17 to 24") {
  run_seeds(17, 8);
}

TEST_CASE("fleet: no schedule of faults breaks an invariant, 200 seeds", "[.fleet_long]") {
  run_seeds(1001, 200);
}
