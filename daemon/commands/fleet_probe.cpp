#include "commands/fleet_probe.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/fleet_account.hpp"
#include "commands/fleet_members.hpp"
#include "core/text.hpp"

namespace renewd::commands {
namespace {

namespace asio = boost::asio;
using fleet::FleetKey;
using fleet::Unreachable;

// The setting that decides over it.
std::string_view key_for(Unreachable reason) {
  switch (reason) {
    case Unreachable::tls:
      return "fleet.etcd.ca_file";
    case Unreachable::auth:
      return "fleet.etcd.username";
    case Unreachable::permission:
      return "fleet.etcd.prefix";
    case Unreachable::client_cn:
      return "fleet.etcd.cert_file";
    case Unreachable::dns:
    case Unreachable::connect:
    case Unreachable::timeout:
    case Unreachable::no_leader:
    case Unreachable::gateway_off:
    case Unreachable::too_large:
    case Unreachable::no_space:
    case Unreachable::bad_answer:
    case Unreachable::cancelled:
      break;
  }
  return "fleet.etcd.endpoints";
}

preflight::HostFinding finding_of(const fleet::StoreError& error, std::string_view doing) {
  return {std::string(key_for(error.reason)), Level::warning,
          fmt::format("{}: {} ({}){}", doing, printable(error.message, 1000), to_string(error.reason),
                      error.advice.empty() ? "" : "; " + error.advice)};
}

// The keys that others seal with, or say that they have.
std::set<std::string> key_ids(const fleet::View& view) {
  std::set<std::string> ids;
  if (view.generation.value) {
    ids.insert(view.generation.value->header.key_id);
  }
  for (const auto& [name, member] : view.members) {
    if (member.value && !member.value->key_id.empty()) {
      ids.insert(member.value->key_id);
    }
  }
  return ids;
}

std::string account_sentence(const FleetAccount& account, const fleet::View& view) {
  return fmt::format("etcd answers; account {} has {} member{}, {}", account.id(), view.members.size(),
                     view.members.size() == 1 ? "" : "s",
                     view.generation.value ? fmt::format("generation {}", view.generation.value->header.generation)
                                           : std::string("and nothing is published yet"));
}

void compare_keys(const fleet::View& view, const std::vector<FleetKey>& keys, const std::string& account,
                  FleetProbe& into) {
  std::vector<std::string> others;
  for (const auto& id : key_ids(view)) {
    if (std::ranges::find(keys, id, [](const FleetKey& key) { return key.id(); }) == keys.end()) {
      others.push_back(printable(id));
    }
  }
  if (!others.empty()) {
    into.findings.push_back(
        {"fleet.etcd.key", Level::warning,
         fmt::format("the hosts of account {} use another key ({}) than this one ({}): give all hosts the same; to "
                     "change it, see \"Changing the fleet key\" in /usr/share/doc/gravitee-renewd/docs/fleet.md",
                     account, fmt::join(others, ", "), keys.front().id())});
  }
}

}  // namespace

asio::awaitable<FleetProbe> probe_fleet(fleet::Store& store, configuration::Settings settings,
                                        Result<std::vector<FleetKey>> keys) {
  FleetProbe probe;
  std::ostringstream errors;
  const auto accounts = accounts_of(settings, "validate", "", errors);
  if (!accounts) {
    probe.findings.push_back({"fleet", Level::warning,
                              "no certificate of this host is a member of the fleet: each has "
                              "no `account_url`"});
    co_return probe;
  }
  for (const auto& each : *accounts) {
    FleetAccount account(store, settings.fleet.etcd->prefix, each.account);
    auto snapshot = co_await store.read(account.keys().base());
    if (!snapshot) {
      probe.findings.push_back(finding_of(snapshot.error(), "etcd cannot be read"));
      co_return probe;
    }
    const auto view = fleet::view_of(*snapshot, account.keys());
    const auto writable = co_await account.check_writable();
    if (!writable) {
      probe.findings.push_back(finding_of(writable.error(), "the fleet's keys in etcd cannot be written"));
    } else {
      probe.good.push_back(account_sentence(account, view));
    }
    if (keys) {
      compare_keys(view, *keys, each.account, probe);
    }
  }
  co_return probe;
}

}  // namespace renewd::commands
