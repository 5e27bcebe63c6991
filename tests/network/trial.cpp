// One cell: a host in its network, the cloud and a proxy in that of the internet, and something between them.

#include <signal.h>

#include <exception>
#include <optional>

#include "integration/watching.hpp"
#include "matrix/secrets.hpp"
#include "network/cells.hpp"
#include "network/two_networks.hpp"
#include "support/host.hpp"
#include "support/wait_until.hpp"

namespace renewd::testing {
namespace {

// Far more than any attempt may take: the longest waits of the daemon are those of its deadlines, at most 120 s.
constexpr std::chrono::seconds kBound{200};
// Less than the lookup takes during which the daemon is stopped.
constexpr std::chrono::seconds kBoundOfStop{100};

// Until the cloud has sent what the host does not acknowledge.
constexpr const char* kAnswerIsOnItsWay =
    "until ss -Htn state established | awk '$2 > 0 { found = 1 } END { exit !found }'; do sleep 0.05; done";

std::vector<std::string> cloud_options(const Cell& cell) {
  std::vector<std::string> options = {"--listen", "[::]:0"};
  options.insert(options.end(), cell.cloud_options.begin(), cell.cloud_options.end());
  if (cell.meanwhile.happens()) {
    options.insert(options.end(), {"--fault", "held-answer"});
  }
  return options;
}

class Trial {
 public:
  explicit Trial(const Cell& cell) : cell_(cell), host_(cloud_options(cell)) {
    if (cell.proxy != Proxy::none) {
      proxy_.emplace(cell.proxy, cell.setup, host_.cloud().ca_file());
      if (!cell.transparent) {
        networks_.in_host("ip route del default; ip -6 route del default");
      }
    }
    if ((cell.proxy == Proxy::squid || cell.proxy == Proxy::opening_squid) && !cell.transparent) {
      networks_.replace("hosts", "127.0.0.1 localhost\n");  // it has a file of its own
    } else if (!cell.hosts.empty()) {
      networks_.replace("hosts", cell.hosts);
    }
    if (!cell.resolver.empty()) {
      networks_.replace("resolv.conf", cell.resolver);
    }
    configure();
    networks_.in_internet(cell.in_internet);
    networks_.in_host(cell.in_host);
  }

  Verdict run() {
    meet_network();
    expect(networks_.idle_counters() == 0, "nothing met the rules of the network");
    if (cell_.runner == Runner::renew && !is_renewed()) {
      check_untouched();
    }
    renew_in_restored_network();
    check_renewed();
    secrets_.search_state(host_ / "state");
    problems_.insert(problems_.end(), secrets_.problems().begin(), secrets_.problems().end());
    return {problems_, log_};
  }

 private:
  void expect(bool holds, const std::string& problem) {
    if (!holds) {
      problems_.push_back(problem);
    }
  }

  bool is_renewed() const { return cell_.failure_class.empty(); }

  std::string account_url(const std::string& cloud) const {
    const std::string url = host_.cloud().url();
    return "https://" + cloud + url.substr(url.rfind(':')) + "/management/accounts/" + kAccount;
  }

  void configure() {
    Extra extra;
    extra.http = {"connect_timeout: " + std::to_string(cell_.connect_timeout) + "s",
                  "request_timeout: " + std::to_string(cell_.request_timeout) + "s"};
    if (proxy_ && !cell_.transparent) {
      const bool has_user = cell_.login != Login::none;
      extra.http.push_back("proxy: \"http://" + std::string(has_user ? "proxy@" : "") + cell_.proxy_address + ":" +
                           std::to_string(proxy_->port()) + "\"");
      if (has_user) {
        extra.http.push_back("proxy_password: {file: " + (host_ / "proxy-password").string() + "}");
      }
    }
    if (cell_.login == Login::wrong) {
      write_file(host_ / "proxy-password", "another");
    }
    if (cell_.trusts_proxy) {
      extra.http.push_back("ca_file: " + proxy_->ca_file().string());
    }
    write_configuration(cell_.cloud, extra);
  }

  void write_configuration(const std::string& cloud, const Extra& extra) {
    host_.write_configuration(host_.certificate_yaml("production", account_url(cloud), extra), extra);
    std::string text = read_file(host_.configuration());
    const std::string log = "log: {format: json}";
    text.replace(text.find(log), log.size(), "log: {format: json, level: debug}");
    write_file(host_.configuration(),
               text + "schedule: {retry_at_least: 1s, retry_at_most: 1s}\nmetrics: {listen: \"unix:" +
                   (host_ / "page.sock").string() + "\"}\n");
  }

  void meet_network() {
    networks_.enter_host();
    const bool by_daemon = cell_.runner != Runner::renew;
    BackgroundProcess process(
        by_daemon ? host_.daemon_command() : host_.renew_command(),
        {.environment = {}, .input = {}, .deadline = cell_.runner == Runner::stopped_daemon ? kBoundOfStop : kBound});
    if (cell_.meanwhile.happens()) {
      interfere();
    }
    if (cell_.runner == Runner::daemon) {
      process.wait_for_errors(says("renewal_failed"));
      check_untouched();
      restore();
      process.wait_for_errors(says("renewal_completed"));
    }
    if (cell_.runner == Runner::stopped_daemon) {
      wait_until([&] { return networks_.idle_counters() == 0; });
      networks_.enter_host();
      check_untouched();
    }
    if (by_daemon) {
      stop(process);
    }
    const CommandResult result = process.wait();
    learn(by_daemon ? "run" : "renew", result);
    expect((result.status == 0) == (by_daemon || is_renewed()), "exit status " + std::to_string(result.status));
    check_events(parse_events(result.errors));
  }

  // Once the cloud has the request.
  void interfere() {
    wait_until([&] { return host_.cloud().request_count() == 1; });
    if (cell_.meanwhile.proxy_signal != 0) {
      proxy_->send_signal(cell_.meanwhile.proxy_signal);
    }
    networks_.in_host(cell_.meanwhile.script);
    end_fault_of_cloud();
    if (cell_.meanwhile.restored_soon) {
      networks_.in_internet(kAnswerIsOnItsWay);
      restore();
    }
  }

  // It still serves its page.
  void stop(BackgroundProcess& daemon) {
    const CommandResult page =
        curl({"--fail", "--unix-socket", (host_ / "page.sock").string(), "http://localhost/metrics"});
    expect(page.status == 0, "the metrics were not served: " + page.errors);
    secrets_.search("the metrics", page.output);
    daemon.send_signal(SIGTERM);
  }

  void check_untouched() {
    expect(snapshot(host_.keystore()) == untouched_, "the keystore was changed");
    expect(host_.restarts() == 0, "the gateway was restarted");
  }

  void check_events(const Events& events) {
    const auto failed = find_event(events, "renewal_failed");
    const bool completed = find_event(events, "renewal_completed").has_value();
    if (cell_.runner == Runner::stopped_daemon) {
      expect(!failed && !completed, "the daemon did not end in the middle of the lookup");
      return;
    }
    expect(completed == (is_renewed() || cell_.runner == Runner::daemon), completed ? "it was renewed" : "not renewed");
    if (is_renewed()) {
      expect(!failed, "it failed first");
      return;
    }
    const std::string found = failed ? field(*failed, "class") : "none";
    const std::string message = failed ? field(*failed, "message") : "";
    expect(found == cell_.failure_class, "class " + found + " instead of " + cell_.failure_class);
    const std::string advice = failed ? field(*failed, "advice") : "";
    expect(contains(message, cell_.message), "another message: " + message);
    expect(contains(advice, cell_.advice), "another advice: " + advice);
  }

  void end_fault_of_cloud() {
    BackgroundProcess& cloud = host_.cloud().process();
    cloud.send_signal(SIGUSR1);
    cloud.wait_for_output([](const std::string& output) { return contains(output, "without fault"); });
  }

  void restore() {
    networks_.restore();
    networks_.enter_host();
  }

  // Without a proxy. What was renewed is not renewed again.
  void renew_in_restored_network() {
    const std::size_t before = host_.cloud().request_count();
    const bool done = is_renewed() && cell_.runner != Runner::stopped_daemon;
    expect(cell_.runner == Runner::daemon || before == (done ? 1 : cell_.requests),
           std::to_string(before) + " requests of the cloud");
    end_fault_of_cloud();
    restore();
    networks_.replace("hosts", "198.51.100.1 cloud.example\n");
    write_configuration("cloud.example", {});
    const CommandResult result =
        testing::run(host_.renew_command(), {.environment = {}, .input = {}, .deadline = kBound});
    learn("renew", result);
    expect(result.status == 0, "the renewal in the restored network failed");
    const std::size_t wanted = done || cell_.runner == Runner::daemon ? 0 : 1;
    expect(host_.cloud().request_count() - before == wanted, "the number of requests in the restored network");
  }

  void check_renewed() {
    const auto issued = host_.cloud().issued();
    expect(!issued.empty() && read_file(host_.keystore()) == read_file(issued.back()),
           "the keystore is not the last that was issued");
    expect(host_.restarts() == 1, std::to_string(host_.restarts()) + " restarts instead of 1");
  }

  void learn(const std::string& command, const CommandResult& result) {
    log_ += "--- " + command + ": " + std::to_string(result.status) + "\n" + result.output + result.errors;
    secrets_.learn_answers(host_);
    secrets_.search("what " + command + " prints", result.output + result.errors);
  }

  const Cell& cell_;
  TwoNetworks networks_;
  Host host_;
  Snapshot untouched_ = snapshot(host_.keystore());
  std::optional<RunningProxy> proxy_;
  SecretSearch secrets_;
  std::vector<std::string> problems_;
  std::string log_;
};

}  // namespace

Verdict run_cell(const Cell& cell) {
  try {
    return Trial(cell).run();
  } catch (const std::exception& error) {
    return {{error.what()}, {}};
  }
}

}  // namespace renewd::testing
