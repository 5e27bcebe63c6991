// What a renewal waits for the disk, each time up to tens of milliseconds: docs/one-renewal.md has the list.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/strace.hpp"

using namespace renewd::testing;

namespace {

using Syncs = std::vector<std::string>;

Syncs syncs_of_a_renewal(const Host& host, const std::vector<std::string>& arguments = {}) {
  const Recording recording =
      record(host, {"fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync"}, arguments);
  INFO(recording.result.output << recording.result.errors);
  CHECK(recording.result.status == 0);
  Syncs syncs;
  for (const Call& call : recording.calls) {
    if (call.name != "openat") {
      syncs.push_back(call.path.string());
    }
  }
  return syncs;
}

}  // namespace

TEST_CASE("a renewal makes the disk keep what it needs, and nothing else") {
  Host host;
  host.configure({.certificate = {"gateway: {command: {argv: [/bin/true]}}"}});
  const std::string state = "state/production";
  const std::string keystore = host.keystore().filename();
  const Syncs usual{
      "." + keystore + ".gravitee-renewd-rehearsal",
      state + "/.requests.json.gravitee-renewd",
      state + "/.journal.gravitee-renewd",
      state,
      state + "/.answer.gravitee-renewd",
      state,
      state + "/journal",  // accepted
      "." + keystore + ".gravitee-renewd",
      ".",
      state + "/journal",  // the state of the gateway before its restart
      state + "/.in-use.gravitee-renewd",
      state + "/.history.jsonl.gravitee-renewd",
      state + "/generations/.3.gravitee-renewd",
      state + "/generations",
      state,
      state,
  };
  // The first one also makes directories, and stores the keystore that it finds.
  const Syncs first = syncs_of_a_renewal(host);
  CHECK(first.size() == usual.size() + 5);
  // The next certificate must be valid for longer, and its dates are whole seconds.
  const auto now = std::chrono::system_clock::now();
  std::this_thread::sleep_until(std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(1));
  CHECK(syncs_of_a_renewal(host, {"--force"}) == usual);
}
