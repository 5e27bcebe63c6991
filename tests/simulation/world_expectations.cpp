// What must hold in the simulated world, beside what the auditor checks, and what it cannot know of the events.

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "simulation/host.hpp"
#include "simulation/world.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::CertificateRecord;

// So long after a publication, every gateway without maintenance windows runs with the certificate: after faults, a
// host may wait for schedule.retry_at_most, and its clock may be an hour late.
constexpr auto kRollout = 20min;
constexpr auto kRecovery = 13h;

}  // namespace

// Of two hosts with one name, one may end the claim of the other: that is a takeover, too.
void World::look_at_claim(const Host* host, const fleet::RenewalRecord& before, const fleet::RenewalRecord& after) {
  if (after.claim && host != nullptr) {
    claims_.try_emplace(after.claim->id, host);
  }
  if (before.claim && !after.claim && claims_[before.claim->id] != host) {
    ++history.further_requests;
  }
}

void World::look_at_rollout(const Host* host, const fleet::Rollout& before, const fleet::Rollout& after) {
  for (const auto& holder : after.holders) {
    turns_.try_emplace(holder.id, host);
  }
  for (const auto& holder : before.holders) {
    const bool is_own = host != nullptr && turns_[holder.id] == host;
    if (!is_own && after.holder(holder.member) == nullptr) {
      history.drops.push_back({now_, holder.member});
    }
  }
  for (const auto& [name, failure] : after.failed) {
    const auto earlier = before.failed.find(name);
    bad_generations += failure.given_up && (earlier == before.failed.end() || !earlier->second.given_up) ? 1 : 0;
  }
}

void World::expect_report(Host& host) {
  if (in_trouble()) {
    return;
  }
  const auto turn = [this, &host]() -> std::string {
    const fleet::View view = fleet::view_of(etcd.read(keys.base()), keys);
    const auto* const holder = view.rollout.value ? view.rollout.value->holder(host.member()) : nullptr;
    return holder == nullptr ? "" : holder->id;
  };
  at(now_ + 1min, [this, &host, turn, id = turn()] {
    if (!id.empty() && turn() == id) {
      others_.push_back({8, fmt::format("{} has not reported its turn by {}", host.member(), format_time(now_))});
    }
  });
}

void World::expect_window(const Host& host, bool is_open) {
  if (!is_open) {
    others_.push_back({6, fmt::format("{} restarts its gateway at {}, outside of its maintenance windows",
                                      host.member(), format_time(now_))});
  }
}

void World::excuse_twins(const Host& host) {
  const bool is_noticed = std::ranges::any_of(
      hosts_, [&host](const auto& other) { return other->member() == host.member() && other->is_in_conflict(); });
  // What the other one has begun before it noticed is finished.
  const bool is_at_work = std::ranges::any_of(hosts_, [&host](const auto& other) {
    return other.get() != &host && other->member() == host.member() && !other->is_up();
  });
  if (is_twin(host) && (!is_noticed || is_at_work)) {
    history.drops.push_back({now_, host.member()});
  }
}

void World::expect_recovery() {
  const auto published = fleet::view_of(etcd.read(keys.generation()), keys).generation.value;
  if (published) {
    at(peaceful_ ? now_ + kRollout : std::max(now_, calm_from_ + 1h) + kRecovery,
       [this, certificate = published->header.certificate] { check_recovery(certificate); });
  }
}

void World::check_recovery(const CertificateRecord& published) {
  const auto newest = fleet::view_of(etcd.read(keys.generation()), keys).generation.value;
  if (!newest || newest->header.certificate != published || bad_.contains(published.fingerprint)) {
    return;
  }
  for (const auto& host : hosts_) {
    if (host->in_use() != published && host->explanation().empty() && !host->has_windows()) {
      others_.push_back({8, fmt::format("{} does not use {} at {}: {}", host->member(), published.serial,
                                        format_time(now_), host->description())});
    }
  }
}

void World::finish() {
  history.ended = true;
  if (peaceful_ && history.posts.size() != 1) {
    others_.push_back({3, fmt::format("{} requests, where nothing went wrong", history.posts.size())});
  }
  history.further_requests += static_cast<unsigned>(bad_generations);
  std::erase_if(history.idle_calls, [this](const Call& call) { return call.at < history.idle_from; });
  // The last one that some gateway can use: all earlier ones may be revoked.
  std::optional<CertificateRecord> newest;
  for (const auto& issued : by_cloud_) {
    // What a host obtains that has the name of another one, an operator must bring to the others.
    const bool is_of_twin = std::ranges::any_of(hosts_, [&issued](const auto& host) {
      return host->is_in_conflict() && host->in_use().fingerprint == issued.certificate.fingerprint;
    });
    if (issued.is_stored && !is_of_twin && !bad_.contains(issued.certificate.fingerprint)) {
      newest = issued.certificate;
    }
  }
  for (const auto& host : hosts_) {
    if (revokes_ && newest && fleet::is_later(*newest, host->in_use()) && host->explanation().empty()) {
      others_.push_back({8, fmt::format("{} is without a connection with {}, revoked by {}", host->member(),
                                        host->in_use().serial, newest->serial)});
    }
    trace(host->member(), host->description());
    history.members.push_back({host->member(), host->in_use().fingerprint, host->explanation(), host->answers()});
  }
}

}  // namespace renewd::testing
