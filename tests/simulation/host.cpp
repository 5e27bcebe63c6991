// The process of a host, its view of etcd, and what interrupts them.
#include "simulation/host.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 1s;
constexpr int kRenewalsInADay = 12;

}  // namespace

Host::Host(World& world, HostSetup setup)
    : world_(world),
      member_(setup.name + "/p"),
      machine_(std::move(setup.machine)),
      certificate_(std::move(setup.certificate)),
      offset_(setup.offset),
      splay_(world.random.fraction()),
      skew_(setup.skew) {
  schedule_settings_.requests_per_day = kRenewalsInADay;
  disk_.installed = setup.installed;
  disk_.in_use = setup.installed;
  gateway_.runs_with = setup.installed;
}

void Host::resume(std::uint64_t epoch, const std::function<void()>& then) {
  if (epoch != epoch_) {
    return;
  }
  if (world_.now() < frozen_until_) {
    world_.at(frozen_until_, [this, epoch, then] { resume(epoch, then); });
    return;
  }
  then();
}

void Host::later(TimePoint time, std::function<void()> then) {
  world_.at(time, [this, epoch = epoch_, then = std::move(then)] { resume(epoch, then); });
}

std::string Host::new_id() {
  return fmt::format("{:016x}", world_.random.bits());
}

// A crash between two steps.
bool Host::step_may_crash() {
  if (!world_.mishap(0.01)) {
    return false;
  }
  crash(world_.random.spread(1s, 2h));
  return true;
}

void Host::start() {
  trace("starts");
  running_ = true;
  ++epoch_;
  process_ = new_id();
  lease_ = 0;
  schedule_.emplace(certificate_, schedule_settings_, offset_, disk_.attempts, world_.random.bits());
  clock_was_set_ = true;
  checking_ = busy_ = fleet_changed_ = false;
  view_.reset();
  sightings_ = {};
  is_current_ = watching_ = false;
  unreachable_since_ = world_.now();
  answer_.reset();
  claim_.reset();
  request_failed_.reset();
  unable_ = {};
  alone_ = present_ = conflict_ = false;
  record_.reset();
  last_self_.reset();
  last_step_ = {fleet::Act::wait};
  follow();
  check();
}

void Host::crash(Span back_after) {
  if (!running_) {
    return;
  }
  trace("crashes");
  running_ = false;
  ++epoch_;
  // Nobody gets the response.
  world_.history.further_requests += std::exchange(outstanding_, false) ? 1U : 0U;
  world_.at(world_.now() + world_.random.spread(40s, 4min), [this, lease = lease_] { world_.etcd.expire(lease); });
  world_.at(world_.now() + back_after, [this, epoch = epoch_] {
    if (!running_ && epoch == epoch_) {
      start();
    }
  });
}

void Host::freeze(Span time) {
  trace("is frozen");
  frozen_until_ = std::max(frozen_until_, world_.now() + time);
  world_.at(world_.now() + world_.random.spread(10s, 3min), [this, lease = lease_] {
    if (world_.now() < frozen_until_) {
      world_.etcd.expire(lease);
    }
  });
}

void Host::cut_off(Span time) {
  trace("is cut off from etcd");
  cut_until_ = std::max(cut_until_, world_.now() + time);
  world_.at(world_.now() + world_.random.spread(10s, 3min), [this, lease = lease_] {
    if (is_cut_off()) {
      world_.etcd.expire(lease);
    }
  });
  // The keep-alive fails, and the watch is opened elsewhere.
  later(world_.now() + 25s, [this] {
    if (is_cut_off()) {
      drop_watch();
    }
  });
  later(cut_until_, [this] { etcd_changed(); });
}

void Host::set_clock(Span skew) {
  trace("its clock is set");
  skew_ = skew;
  clock_was_set_ = true;
  if (running_ && !checking_) {
    later(world_.now(), [this] { wake(); });
  } else {
    fleet_changed_ = true;
  }
}

void Host::lose_key(bool lost) {
  trace(lost ? "has another key" : "has the key again");
  key_lost_ = lost;
  unable_ = {};
  if (running_) {
    wake();
  }
}

void Host::rename(const std::string& name) {
  trace("is renamed to " + name);
  crash(1s);
  member_ = name + "/p";
}

void Host::calm_down() {
  cut_until_ = frozen_until_ = world_.now();
  if (!running_) {
    start();
  }
  if (key_lost_) {
    lose_key(false);
  }
}

std::string Host::description() const {
  return fmt::format("{}, installed {}, in use {}, phase {}, state {} ({}){}", running_ ? "running" : "stopped",
                     disk_.installed.serial, disk_.in_use ? disk_.in_use->serial : "-", static_cast<int>(disk_.phase),
                     to_string(last_step_.state), last_step_.reason, gateway_.up ? "" : ", gateway down");
}

std::string Host::explanation() const {
  using fleet::MemberState;
  const MemberState state = record_ ? record_->state : MemberState::current;
  if (conflict_) {
    return "conflict";
  }
  const bool explains = state == MemberState::failed || state == MemberState::apart;
  return explains ? std::string(to_string(state)) : "";
}

std::vector<fleet::CertificateRecord> Host::answers() const {
  return disk_.answer && disk_.rolled_back == 0 ? std::vector{*disk_.answer} : std::vector<fleet::CertificateRecord>();
}

bool Host::expires_soon() const {
  const auto& used = disk_.in_use.value_or(disk_.installed);
  return world_.rules.alone_after > 0s && used.not_after - wall() < world_.rules.alone_after;
}

// --- supervision/fleet_view

void Host::follow() {
  is_current_ = false;
  read([this](bool current) {
    watching_ = current;
    if (current) {
      deliver();
      if (world_.mishap(0.01)) {
        later(world_.now() + world_.random.spread(1s, 1h), [this] { drop_watch(); });
      }
    } else {
      later(world_.now() + world_.random.between(kFirstPause, Span(1min)), [this] { follow(); });
    }
  });
}

void Host::drop_watch() {
  if (running_ && watching_) {
    watching_ = false;
    is_current_ = false;
    later(world_.now() + world_.random.between(kFirstPause, Span(10s)), [this] { follow(); });
  }
}

void Host::etcd_changed() {
  if (running_ && watching_ && !is_cut_off()) {
    const Span latency =
        world_.mishap(0.05) ? world_.random.between(Span(0), Span(3s)) : world_.random.between(Span(1ms), Span(30ms));
    later(world_.now() + latency, [this] { deliver(); });
  }
}

void Host::deliver() {
  if (!watching_ || is_cut_off()) {
    return;
  }
  const auto changes = world_.etcd.changes(world_.keys.base(), view_->revision + 1);
  if (!changes) {
    return drop_watch();
  }
  for (const auto& change : *changes) {
    fleet::apply(change, world_.keys, *view_);
    seen();
  }
}

void Host::read(std::function<void(bool)> then) {
  auto snapshot = std::make_shared<fleet::Snapshot>();
  world_.call_etcd(
      *this, [this, snapshot] { *snapshot = world_.etcd.read(world_.keys.base()); },
      guarded([this, snapshot, then = std::move(then)](bool answered) {
        if (answered) {
          replace(*snapshot);
        } else {
          failed_call();
          view_changed();
        }
        then(answered);
      }));
}

void Host::refresh(std::function<void(bool)> then) {
  if (is_current_) {
    return then(true);
  }
  read([this, then = std::move(then)](bool /*answered*/) { then(is_current_); });
}

void Host::commit(fleet::Transaction transaction, std::function<void(bool)> then) {
  auto committed = std::make_shared<std::optional<fleet::Committed>>();
  const auto puts = transaction.put;
  world_.call_etcd(
      *this,
      [this, committed, transaction, epoch = epoch_] {
        // A late transaction of a dead process has its dead lease.
        if (epoch == epoch_ && !world_.etcd.is_alive(lease_)) {
          lease_ = world_.etcd.grant();
        }
        *committed = world_.commit(this, transaction, epoch == epoch_ ? lease_ : 0);
      },
      guarded([this, committed, puts, then = std::move(then)](bool answered) {
        if (!answered || !*committed) {
          failed_call();
          return then(false);
        }
        if (!(*committed)->succeeded) {
          replace((*committed)->current);
          return then(false);
        }
        fleet::Changes own{(*committed)->revision, {}, {}};
        for (const auto& put : puts) {
          own.puts.push_back({put.key, put.value, own.revision});
        }
        fleet::apply_own(own, world_.keys, *view_);
        seen();
        then(true);
      }));
}

void Host::failed_call() {
  is_current_ = false;
  unreachable_since_ = unreachable_since_.value_or(world_.now());
}

void Host::replace(const fleet::Snapshot& snapshot) {
  const bool overtaken = watching_ && view_ && view_->revision > snapshot.revision;
  if (!overtaken) {
    view_ = fleet::view_of(snapshot, world_.keys);
  }
  is_current_ = true;
  seen();
}

void Host::seen() {
  unreachable_since_.reset();
  sightings_.saw(*view_, both().boot);
  view_changed();
}

// FleetMember::view_changed()
void Host::view_changed() {
  if (!view_) {
    return;
  }
  const auto mine = view_->members.find(member_);
  const bool is_there = mine != view_->members.end();
  const bool is_ours = is_there && mine->second.value && mine->second.value->process == process_;
  const bool other_machine = is_there && mine->second.value && mine->second.value->machine != machine_;
  const bool conflict = is_there && !is_ours && (present_ || other_machine);
  const bool differs = std::exchange(conflict_, conflict) != conflict || (!is_there && present_ && !busy_);
  if (busy_ || !last_self_) {
    if (!last_self_) {
      wake();
    }
    return;
  }
  last_self_->conflict = conflict_;
  const fleet::Step step = fleet::decide(*view_, sightings_, *last_self_, world_.rules, "", both());
  if (differs || step.act != fleet::Act::wait || step.state != last_step_.state || step.at + 1s < last_step_.at) {
    wake();
  }
}

}  // namespace renewd::testing
