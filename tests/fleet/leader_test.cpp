// The host that leads dies at each step, or is cut off, and the fleet gets over it.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "fleet_trial.hpp"
#include "support/catch.hpp"
#include "support/wait_until.hpp"

using namespace renewd;
using namespace renewd::testing;

namespace {

// A step of the leader: it dies just before it writes this.
struct Step {
  const char* file;  // in its state directory
  const char* contents;
};
constexpr Step kClaimed{"journal", "\"phase\":\"requested\""};
constexpr Step kRequested{"answer", ""};
constexpr Step kAnswered{"journal", "\"phase\":\"answered\""};
constexpr Step kPublished{"fleet", "\"generation\":1"};
constexpr Step kInTurn{"journal", "\"phase\":\"accepted\""};
constexpr Step kInstalled{"journal", "\"phase\":\"installed\""};
constexpr Step kActivated{"journal", "\"phase\":\"activated\""};
constexpr Step kVerified{"journal", "\"phase\":\"verified\""};

constexpr std::size_t kLeader = 0;

// When its daemon runs again.
enum class Back {
  at_once,
  after_the_others,  // have published, halted, or finished without it
};

void others_go_on(FleetHosts& fleet, FleetRecorder& recorder) {
  wait_or_fail(fleet, "what the others do without it", [&] {
    recorder.catch_up();
    const fleet::View& view = recorder.view();
    const bool halted = view.rollout.value && view.rollout.value->halt;
    const bool finished = view.rollout.value && view.rollout.value->verified.size() == fleet.size() - 1;
    return halted || finished;
  });
}

void kill_leader(const Step& step, Back back, std::size_t requests) {
  if (!EtcdCluster::is_installed()) {
    return;
  }
  FleetOptions options = quick_takeover();
  options.proxied = false;
  FleetHosts fleet(options);
  FleetRecorder recorder(fleet);
  // Nobody else is there yet, so it leads.
  fleet.start(kLeader, {"env", "LD_PRELOAD=" KILLED_BEFORE_LIBRARY, std::string("KILLED_BEFORE_FILE=") + step.file,
                        std::string("KILLED_BEFORE_TEXT=") + step.contents});
  const CommandResult died = fleet.daemon(kLeader).wait();
  INFO(fleet.log(kLeader));
  REQUIRE(died.status == 128 + SIGKILL);
  fleet.kill(kLeader);
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    if (i != kLeader) {
      fleet.start(i);
    }
  }
  if (back == Back::after_the_others) {
    fleet.expire_lease(kLeader);
    others_go_on(fleet, recorder);
  }
  fleet.start(kLeader);
  check_history(fleet, recorder, 1);
  CHECK(fleet.cloud().request_count() == requests);
  CHECK(fleet.hosts_that_use(requests - 1) == fleet.size());
}

// The numbers of requests that the fleet then makes.
void kill_leader_both_ways(const Step& step, std::size_t if_back_at_once, std::size_t if_back_later) {
  SECTION("and is back at once") {
    kill_leader(step, Back::at_once, if_back_at_once);
  }
  SECTION("and is back after the others have gone on") {
    kill_leader(step, Back::after_the_others, if_back_later);
  }
}

// This process, and what it starts, in a network of its own, with a cable to one host.
class NetworkOfItsOwn {
 public:
  static bool is_possible() {
    if (::geteuid() == 0 && have_program("ip") && have_program("unshare")) {
      return true;
    }
    std::fputs("skipped: a network namespace needs root, ip (package iproute2) and unshare\n", stderr);
    return false;
  }

  NetworkOfItsOwn() : before_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (before_ < 0 || ::unshare(CLONE_NEWNET) != 0) {
      throw std::runtime_error("no network namespace");
    }
    ip({"link", "set", "lo", "up"});
    ip({"link", "add", "here", "type", "veth", "peer", "name", "there"});
    ip({"address", "add", "192.0.2.1/24", "dev", "here"});
    ip({"link", "set", "here", "up"});
    // The servers of a test listen on 127.0.0.1.
    write_file("/proc/sys/net/ipv4/conf/here/route_localnet", "1");
  }
  NetworkOfItsOwn(const NetworkOfItsOwn&) = delete;
  NetworkOfItsOwn& operator=(const NetworkOfItsOwn&) = delete;
  ~NetworkOfItsOwn() {
    (void)::setns(before_, CLONE_NEWNET);
    ::close(before_);
  }

  // Runs a program at the other end of the cable, which it finds within reach as 127.0.0.1, too.
  static std::vector<std::string> launcher() {
    return {"unshare",
            "--net",
            "sh",
            "-c",
            "until ip link show there >/dev/null 2>&1; do sleep 0.05; done\n"
            "echo 1 >/proc/sys/net/ipv4/conf/there/route_localnet\n"
            "ip address add 192.0.2.2/24 dev there\n"
            "ip link set there up\n"
            "ip route add 127.0.0.1/32 dev there src 192.0.2.2\n"
            "exec \"$@\"\n",
            "sh"};
  }
  static void plug_in(pid_t host) {
    const auto network = [](const std::string& process) {
      return std::filesystem::read_symlink("/proc/" + process + "/ns/net");
    };
    wait_until([&] { return network(std::to_string(host)) != network("self"); });
    ip({"link", "set", "there", "netns", std::to_string(host)});
  }
  // Every packet is lost, and no error is reported.
  static void cut() { ip({"link", "set", "here", "down"}); }
  static void restore() { ip({"link", "set", "here", "up"}); }

 private:
  static void ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    run_or_throw(words);
  }

  int before_;
};

}  // namespace

TEST_CASE("fleet: the leader dies with its claim, before its request") {
  kill_leader_both_ways(kClaimed, 1, 1);
}

// Nobody can know whether a certificate was issued.
TEST_CASE("fleet: the leader dies with its request, before the answer is on its disk") {
  kill_leader_both_ways(kRequested, 2, 2);
}

TEST_CASE("fleet: the leader dies with the answer on its disk, before it publishes") {
  kill_leader_both_ways(kAnswered, 1, 2);
}

TEST_CASE("fleet: the leader dies once it has published") {
  kill_leader_both_ways(kPublished, 1, 1);
}

TEST_CASE("fleet: the leader dies in its turn, before it installs") {
  kill_leader_both_ways(kInTurn, 1, 1);
}

TEST_CASE("fleet: the leader dies in its turn, with the keystore installed") {
  kill_leader_both_ways(kInstalled, 1, 1);
}

TEST_CASE("fleet: the leader dies in its turn, with its gateway restarted") {
  kill_leader_both_ways(kActivated, 1, 1);
}

TEST_CASE("fleet: the leader dies in its turn, with its gateway verified") {
  kill_leader_both_ways(kVerified, 1, 1);
}

// A proxy resets a connection, or holds back what it has received. Here the network loses everything in silence, and
// the kernel of the host sends it again when there is a network.
TEST_CASE("fleet: a leader without a network for longer than the takeover requests nothing when it is back") {
  if (!EtcdCluster::is_installed() || !NetworkOfItsOwn::is_possible()) {
    return;
  }
  const NetworkOfItsOwn network;
  FleetOptions options = quick_takeover();
  options.proxied = false;
  // A request begins up to 10 s after its claim was confirmed, and is given up after the timeout of 10 s.
  options.fleet = {"takeover_after: 20s", "lost_after: 5s"};
  FleetHosts fleet(options);
  FleetRecorder recorder(fleet);
  fleet.cloud().process().send_signal(SIGSTOP);
  fleet.start(kLeader, NetworkOfItsOwn::launcher());
  NetworkOfItsOwn::plug_in(fleet.daemon(kLeader).pid());
  wait_or_fail(fleet, "a leader", [&] { return has_logged(fleet, kLeader, "fleet_leading"); });
  NetworkOfItsOwn::cut();
  fleet.cloud().process().send_signal(SIGCONT);
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    if (i != kLeader) {
      fleet.start(i);
    }
  }
  wait_for_takeover(fleet, recorder, kLeader);
  NetworkOfItsOwn::restore();
  check_history(fleet, recorder, 1);
  INFO(logs(fleet));
  CHECK(fleet.cloud().request_count() == 1);
}
