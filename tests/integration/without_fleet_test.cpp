// A daemon without `fleet` in its configuration has nothing of a fleet.
#include <algorithm>
#include <set>
#include <sstream>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/wait_until.hpp"

using namespace renewd::testing;

namespace {

// The inodes of all sockets of IPv4 and IPv6 that the process has open, in whatever state.
std::set<std::string> internet_sockets(pid_t pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  std::set<std::string> listed;
  for (const char* table : {"tcp", "tcp6", "udp", "udp6"}) {
    std::istringstream lines(read_file(process / "net" / table));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string word;
      for (int i = 0; i < 10 && words >> word; ++i) {
      }
      listed.insert("socket:[" + word + "]");
    }
  }
  std::set<std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd")) {
    std::error_code closed_meanwhile;
    const auto target = std::filesystem::read_symlink(entry, closed_meanwhile).string();
    if (listed.contains(target)) {
      open.insert(target);
    }
  }
  return open;
}

std::size_t requests_to_etcd(const Host& host) {
  const auto requests = host.cloud().requests();
  return static_cast<std::size_t>(
      std::ranges::count_if(requests, [](const auto& request) { return field(request, "target").starts_with("/v3"); }));
}

bool has_file_of_fleet(const Host& host) {
  const auto files = std::filesystem::recursive_directory_iterator(host / "state");
  return std::ranges::any_of(files, [](const auto& file) { return file.path().filename() == "fleet"; });
}

}  // namespace

TEST_CASE("a daemon without a fleet has no socket, no file, no request and no event of one") {
  const Host host;
  BackgroundProcess daemon(host.daemon_command());
  const std::string log = daemon.wait_for_errors(
      [](const std::string& text) { return text.find("\"event\":\"renewal_completed\"") != std::string::npos; });
  // Connections to the cloud end.
  wait_until([&daemon] { return internet_sockets(daemon.pid()).empty(); });
  CHECK(requests_to_etcd(host) == 0);
  CHECK(host.cloud().request_count() == 1);
  CHECK_FALSE(has_file_of_fleet(host));
  CHECK(log.find("fleet") == std::string::npos);
}

TEST_CASE("a daemon with a fleet connects to etcd") {
  const Host host;
  write_file(host / "fleet-key", run_or_throw({RENEWD_BINARY, "fleet", "key"}));
  std::filesystem::permissions(host / "fleet-key", std::filesystem::perms::owner_read);
  // The simulated cloud is no etcd, but writes down its requests.
  write_file(host.configuration(), read_file(host.configuration()) + "fleet: {etcd: {endpoints: [\"" +
                                       host.cloud().url() + "\"], ca_file: " + host.cloud().ca_file().string() +
                                       ", host: gateway-7, key: {file: " + (host / "fleet-key").string() + "}}}\n");
  BackgroundProcess daemon(host.daemon_command());
  wait_until([&host] { return requests_to_etcd(host) > 0; });
}
