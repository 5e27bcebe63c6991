#include "fleet_trial.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/wait_until.hpp"

namespace renewd::testing {
namespace {

constexpr std::chrono::seconds kDeadline{240};

bool is_at_rest(FleetRecorder& recorder, std::size_t hosts) {
  recorder.catch_up();
  const fleet::View& view = recorder.view();
  return view.renewal.value && !view.renewal.value->claim && view.rollout.value &&
         view.rollout.value->holders.empty() && view.generation.value && view.members.size() == hosts &&
         std::ranges::all_of(view.members, [&view](const auto& member) {
           return member.second.value && member.second.value->in_use &&
                  member.second.value->in_use->fingerprint == view.generation.value->header.certificate.fingerprint;
         });
}

}  // namespace

std::string logs(const FleetHosts& fleet) {
  std::string text;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    text += "--- gateway-" + std::to_string(i) + "\n" + fleet.log(i);
  }
  return text;
}

bool has_logged(const FleetHosts& fleet, std::size_t host, const std::string& event) {
  return fleet.log(host).find("\"event\":\"" + event + "\"") != std::string::npos;
}

void wait_or_fail(const FleetHosts& fleet, const std::string& what, const std::function<bool()>& condition) {
  try {
    wait_until(condition, kDeadline);
  } catch (const std::exception&) {
    FAIL("waited for this in vain: " << what << "\n" << logs(fleet));
  }
}

void check(const FleetHosts& fleet, const FleetHistory& history) {
  CHECK(history.restarts.size() >= fleet.size());
  CHECK(history.installations.size() >= fleet.size());
  for (const auto& violation : audit(history)) {
    FAIL_CHECK("invariant " << violation.invariant << ": " << violation.what << "\n" << logs(fleet));
  }
}

void check_history(FleetHosts& fleet, FleetRecorder& recorder, unsigned restart_at_once) {
  wait_or_fail(fleet, "rest", [&] { return is_at_rest(recorder, fleet.size()); });
  check(fleet, recorder.history(restart_at_once, true));
}

void wait_for_takeover(FleetHosts& fleet, FleetRecorder& recorder, std::size_t leader) {
  fleet.expire_lease(leader);
  wait_or_fail(fleet, "a published certificate", [&] {
    recorder.catch_up();
    return recorder.view().generation.value.has_value();
  });
  CHECK(recorder.view().generation.value->header.published_by != member_name(leader));
}

FleetOptions quick_takeover() {
  FleetOptions options;
  options.fleet = {"takeover_after: 20s", "lost_after: 5s"};
  options.top_level = {"schedule: {splay: 0s, retry_at_least: 1s, retry_at_most: 2s}"};
  options.request_timeout = std::chrono::seconds(10);
  options.proxied = true;
  return options;
}

}  // namespace renewd::testing
