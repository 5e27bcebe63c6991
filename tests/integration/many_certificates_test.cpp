// A daemon with several certificates: each has its own life.

#include <signal.h>

#include "support/catch.hpp"
#include "support/host.hpp"

using namespace renewd::testing;

namespace {

constexpr std::chrono::seconds kDeadline{300};

std::size_t count(const std::string& log, const std::string& event) {
  const std::string words = "\"event\":\"" + event + "\"";
  std::size_t found = 0;
  for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
    ++found;
  }
  return found;
}

std::function<bool(const std::string&)> says(const std::string& event, std::size_t times) {
  return [=](const std::string& log) { return count(log, event) >= times; };
}

// A host's configuration as it grows: certificates with keystores of their own, all of them due.
struct Many {
  explicit Many(Host& its_host) : host(its_host), first(its_host.keystore()) {}

  void add(const std::string& name, const std::string& account_url, const std::string& gateway) {
    std::filesystem::copy_file(first, keystore(name));
    host.use_keystore(keystore(name));
    entries += host.certificate_yaml(name, account_url, {.certificate = {gateway}, .keystore = {}, .http = {}});
  }
  std::filesystem::path keystore(const std::string& name) const { return host / (name + ".p12"); }
  bool renewed(const std::string& name) const { return read_file(keystore(name)) != read_file(first); }

  Host& host;
  std::filesystem::path first;
  std::string entries;
};

Events stop(BackgroundProcess& daemon) {
  daemon.send_signal(SIGTERM);
  const CommandResult result = daemon.wait();
  INFO(result.output << result.errors);
  CHECK(result.status == 0);
  check_no_secret(result.output + result.errors);
  return parse_events(result.errors);
}

}  // namespace

TEST_CASE("one of five certificates hangs, and the four others are renewed meanwhile") {
  const Simulator silent({"--key", "ec:P-256", "--fault", "stall-after-request"});
  Host host;
  write_file(host / "bundle.pem", read_file(host.cloud().ca_file()) + read_file(silent.ca_file()));
  const std::string quick = "gateway: {command: {argv: [/bin/true]}}";
  Many many(host);
  std::string reached;
  SECTION("its cloud never responds") {
    many.add("hung", silent.account_url(), quick);
    reached = "renewal_requested";
  }
  SECTION("its gateway's command does not end") {
    many.add("hung", host.cloud().account_url(), "gateway: {command: {argv: [/bin/sleep, \"3600\"], timeout: 1h}}");
    reached = "keystore_installed";
  }
  for (const std::string name : {"a", "b", "c", "d"}) {
    many.add(name, host.cloud().account_url(), quick);
  }
  // Long enough that it is not a deadline which lets the others go on.
  host.write_configuration(many.entries,
                           {.certificate = {},
                            .keystore = {},
                            .http = {"request_timeout: 1h", "ca_file: " + (host / "bundle.pem").string()}});

  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  daemon.wait_for_errors(says("renewal_completed", 4));
  daemon.wait_for_errors(says(reached, 5));
  for (const auto& event : stop(daemon)) {
    CHECK(field(event, "event") != "renewal_failed");
    CHECK((field(event, "event") != "renewal_completed" || field(event, "certificate") != "hung"));
  }
  for (const std::string name : {"a", "b", "c", "d"}) {
    CHECK(many.renewed(name));
  }
  CHECK(many.renewed("hung") == (reached == "keystore_installed"));
}

TEST_CASE("no more than four certificates are renewed at once, and the others after them") {
  Host host;
  Many many(host);
  const auto release = host / "release";
  for (const std::string name : {"a", "b", "c", "d", "e", "f"}) {
    many.add(name, host.cloud().account_url(),
             "gateway: {command: {argv: [/bin/sh, -c, \"echo begun; until test -e " + release.string() +
                 "; do sleep 0.05; done\"], timeout: 1h}}");
  }
  host.write_configuration(many.entries, {});

  BackgroundProcess daemon(host.daemon_command(), {.deadline = kDeadline});
  // All would, and four do.
  daemon.wait_for_errors(says("renewal_due", 6));
  daemon.wait_for_errors(says("gateway_output", 4));
  write_file(release, "");
  daemon.wait_for_errors(says("renewal_completed", 6));
  std::size_t under_way = 0;
  std::size_t most = 0;
  for (const auto& event : stop(daemon)) {
    under_way += field(event, "event") == "renewal_requested" ? 1U : 0U;
    under_way -= field(event, "event") == "renewal_completed" ? 1U : 0U;
    most = std::max(most, under_way);
  }
  CHECK(most == 4);
  CHECK(host.cloud().request_count() == 6);
}

TEST_CASE("with too few descriptors the daemon does not start, and says how many it needs") {
  const Host host;
  std::vector<std::string> command{"/bin/sh", "-c", "ulimit -n 63; exec \"$@\"", "sh"};
  const auto run_it = host.daemon_command();
  command.insert(command.end(), run_it.begin(), run_it.end());
  const CommandResult result = run(command);
  CHECK(result.status == 1);
  CHECK_THAT(result.errors, ContainsSubstring("64") && ContainsSubstring("LimitNOFILE="));
}

TEST_CASE("a thousand certificates need no more descriptors than one, and each is watched") {
  constexpr std::size_t kMany = 1000;
  Host host({}, Target::pem);
  const Host other({}, Target::pem);
  const std::filesystem::path installed = host.keystore();
  const auto keystore = [&host](std::size_t i) { return host / ("keystores/" + std::to_string(i) + "/keystore.pem"); };
  std::string certificates;
  for (std::size_t i = 1; i <= kMany; ++i) {
    std::filesystem::create_directories(keystore(i).parent_path());
    std::filesystem::copy_file(installed, keystore(i));
    host.use_keystore(keystore(i));
    certificates += host.certificate_yaml("gateway-" + std::to_string(i), host.cloud().account_url(),
                                          {.certificate = {"renew_before: 5d"}, .keystore = {}, .http = {}});
    if (i == 1) {
      host.write_configuration(certificates, {});
    }
  }
  const auto descriptors = [](const BackgroundProcess& daemon) {
    const std::filesystem::path open = "/proc/" + std::to_string(daemon.pid()) + "/fd";
    return std::distance(std::filesystem::directory_iterator(open), std::filesystem::directory_iterator());
  };
  // Far below the usual 1,024, so that the build counts as little as the number of certificates.
  std::vector<std::string> command{"/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"};
  const auto run = host.daemon_command();
  command.insert(command.end(), run.begin(), run.end());
  BackgroundProcess daemon(command, {.environment = {}, .input = {}, .deadline = kDeadline});
  daemon.wait_for_errors(says("certificate_checked", 1));
  const auto for_one = descriptors(daemon);

  host.write_configuration(certificates, {});
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("certificate_checked", 1 + kMany));
  daemon.send_signal(SIGHUP);
  daemon.wait_for_errors(says("certificate_checked", 1 + 2 * kMany));
  // A check may hold a few files open for a moment.
  CHECK(descriptors(daemon) <= for_one + 8);

  std::filesystem::copy_file(other.keystore(), host / "next");
  std::filesystem::rename(host / "next", keystore(kMany));
  daemon.wait_for_errors(says("certificate_changed_on_disk", 1));
  for (const auto& event : stop(daemon)) {
    const bool expected = field(event, "level") == "info" || field(event, "event") == "certificate_expiring";
    CHECK(expected);
    CHECK((field(event, "event") != "certificate_changed_on_disk" ||
           field(event, "certificate") == "gateway-" + std::to_string(kMany)));
  }
}
