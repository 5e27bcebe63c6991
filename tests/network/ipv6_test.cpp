// Metrics on IPv6 addresses, read by this host and by another one.

#include <future>

#include "integration/watching.hpp"
#include "network/two_networks.hpp"
#include "support/catch.hpp"

using namespace renewd::testing;

namespace {

// Whether the metrics of a daemon that listens on `address` can be read from the own host and from another one.
std::pair<bool, bool> readable(const std::string& address, const std::string& own, const std::string& other) {
  TwoNetworks networks;
  const Host host({"--initial-days", "200"});
  monitor(host, "{listen: \"" + address + ":9464\", allow_remote: true}");
  networks.enter_host();
  BackgroundProcess daemon = start_daemon(host);
  daemon.wait_for_errors(says("certificate_checked"));
  const auto has_metrics = [](const std::string& at) {
    const CommandResult page = curl({"--fail", "http://" + at + ":9464/metrics"});
    return page.status == 0 && contains(page.output, "gravitee_renewd_certificate_readable");
  };
  const bool by_own_host = has_metrics(own);
  networks.enter_internet();
  return {by_own_host, has_metrics(other)};
}

}  // namespace

TEST_CASE("the metrics are served on IPv6 addresses") {
  if (const auto why = TwoNetworks::obstacle()) {
    WARN("skipped: " << *why);
    return;
  }
  struct Case {
    std::string address, own, other;
    std::pair<bool, bool> expected;
  };
  for (const auto& [address, own, other, expected] :
       {Case{"[::1]", "[::1]", "[2001:db8::1]", {true, false}},
        Case{"[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]", {true, true}},
        Case{"[::]", "[::1]", "[2001:db8::1]", {true, true}}}) {
    INFO(address);
    CHECK(std::async(std::launch::async, readable, address, own, other).get() == expected);
  }
}
