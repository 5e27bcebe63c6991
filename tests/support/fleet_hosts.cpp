#include "support/fleet_hosts.hpp"

#include <signal.h>

#include <algorithm>
#include <sstream>

#include "fleet/base64.hpp"
#include "fleet/view.hpp"
#include "support/catch.hpp"

namespace renewd::testing {
namespace {

std::string quoted_list(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "\"" : ", \"") + word + "\"";
  }
  return "[" + text + "]";
}

void write_secret(const std::filesystem::path& file, const std::string& text) {
  write_file(file, text);
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace

FleetHosts::FleetHosts(FleetOptions options)
    : options_(std::move(options)), etcd_(options_.etcd), first_(options_.simulator) {
  write_file(shared_ / "gateways", "");
  // Says when it is down, and fails where a file says so.
  write_file(shared_ / "restart-gateway",
             "#!/bin/sh\n"
             "echo \"down $1 $(date +%s%3N)\" >>\"$2/gateways\"\n"
             "sleep 0.2\n"
             "echo \"up $1 $(date +%s%3N)\" >>\"$2/gateways\"\n"
             "echo restarted >>\"$3\"\n"
             "test ! -e \"$2/broken-$1\"\n");
  std::filesystem::permissions(shared_ / "restart-gateway", std::filesystem::perms(0755));
  const std::string key = run_or_throw({RENEWD_BINARY, "fleet", "key"});
  for (std::size_t i = 0; i < options_.hosts; ++i) {
    members_.push_back({std::unique_ptr<Host>(new Host(first_.another()))});
    write_secret(host(i) / "fleet-key", key);
    write_secret(host(i) / "etcd-password", etcd_.password());
    configure(i);
  }
}

void FleetHosts::configure(std::size_t i) {
  Host& host = *members_[i].host;
  const std::string name = "gateway-" + std::to_string(i);
  Extra extra;
  extra.certificate = {"gateway: {command: {argv: " +
                       quoted_list({shared_ / "restart-gateway", name, shared_.path(), host / "restarts"}) + "}}"};
  if (options_.request_timeout) {
    extra.http = {"request_timeout: " + std::to_string(options_.request_timeout->count()) + "s"};
  }
  host.configure(extra);
  std::vector<std::string> endpoints = etcd_.endpoints();
  if (options_.proxied && members_[i].proxies.empty()) {
    for (std::size_t member = 0; member < endpoints.size(); ++member) {
      members_[i].proxies.push_back(std::make_unique<TcpProxy>(etcd_.port(member)));
    }
  }
  for (std::size_t member = 0; member < members_[i].proxies.size(); ++member) {
    endpoints[member] = "https://127.0.0.1:" + std::to_string(members_[i].proxies[member]->port());
  }
  std::string fleet = "endpoints: " + quoted_list(endpoints) + ", ca_file: " + etcd_.ca_file().string() +
                      ", username: " + etcd_.user() + ", password: {file: " + (host / "etcd-password").string() +
                      "}, host: " + name + ", key: {file: " + (host / "fleet-key").string() + "}";
  for (const std::string& line : options_.fleet) {
    fleet += ", " + line;
  }
  std::string text = read_file(host.configuration()) + "fleet: {etcd: {" + fleet + "}}\n";
  for (const std::string& line : options_.top_level) {
    text += line + "\n";
  }
  write_file(host.configuration(), text);
}

void FleetHosts::start(std::size_t i, const std::vector<std::string>& launcher) {
  // Into a file: a pipe that nobody reads would stop it.
  std::vector<std::string> argv{"/bin/sh", "-c", "exec setpriv --pdeathsig KILL \"$@\" 2>>\"$0\"", host(i) / "log"};
  argv.insert(argv.end(), launcher.begin(), launcher.end());
  const auto daemon = host(i).daemon_command();
  argv.insert(argv.end(), daemon.begin(), daemon.end());
  members_[i].daemon = std::make_unique<BackgroundProcess>(argv);
}

void FleetHosts::start_all() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    start(i);
  }
}

void FleetHosts::kill(std::size_t i) {
  members_[i].daemon.reset();
}

void FleetHosts::expire_lease(std::size_t i) {
  const fleet::Keys keys("/gravitee-renewd", kAccount);
  const std::string key = keys.member("gateway-" + std::to_string(i) + "/production");
  etcd_.post("/v3/kv/deleterange", {{"key", fleet::encode_base64(key)}});
}

void FleetHosts::stop(std::size_t i) {
  members_[i].daemon->send_signal(SIGTERM);
  const CommandResult result = members_[i].daemon->wait();
  members_[i].daemon.reset();
  INFO(log(i));
  CHECK(result.status == 0);
}

std::string FleetHosts::log(std::size_t i) const {
  const auto file = *members_[i].host / "log";
  return std::filesystem::exists(file) ? read_file(file) : "";
}

Events FleetHosts::events(std::size_t i) const {
  const std::string text = log(i);
  return parse_events(text.substr(0, text.rfind('\n') + 1));  // the last line may be unfinished
}

void FleetHosts::set_network(std::size_t i, Network network) {
  for (const auto& proxy : members_[i].proxies) {
    proxy->set(network);
  }
}

std::vector<TimePoint> FleetHosts::connections(std::size_t i) const {
  std::vector<TimePoint> all;
  for (const auto& proxy : members_[i].proxies) {
    const auto times = proxy->connected();
    all.insert(all.end(), times.begin(), times.end());
  }
  return all;
}

void FleetHosts::break_gateway(std::size_t i, bool broken) {
  const auto file = shared_ / ("broken-gateway-" + std::to_string(i));
  if (broken) {
    write_file(file, "");
  } else {
    std::filesystem::remove(file);
  }
}

CommandResult FleetHosts::command(std::size_t i, const std::vector<std::string>& words) {
  std::vector<std::string> argv{RENEWD_BINARY, "--config", host(i).configuration().string()};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv);
}

std::size_t FleetHosts::hosts_that_use(std::size_t index) {
  const auto issued = cloud().issued();
  if (issued.size() <= index) {
    return 0;
  }
  const std::string bytes = read_file(issued[index]);
  return static_cast<std::size_t>(std::ranges::count_if(members_, [&](const Member& member) {
    return read_file(member.host->keystore()) == bytes && member.host->restarts() > 0;
  }));
}

std::size_t FleetHosts::most_down_at_once() const {
  std::istringstream lines(read_file(shared_ / "gateways"));
  std::size_t down = 0;
  std::size_t most = 0;
  for (std::string state, name, time; lines >> state >> name >> time;) {
    down = state == "down" ? down + 1 : down - std::min<std::size_t>(down, 1);
    most = std::max(most, down);
  }
  return most;
}

}  // namespace renewd::testing
