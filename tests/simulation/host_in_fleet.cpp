// A host's part in the fleet: supervision/fleet_member.
#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "simulation/host.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::Act;
using fleet::MemberState;

using fleet::kClaimIsFresh;
constexpr int kStepsPerCheck = 20;
constexpr auto kRetryAtEtcd = 1min;
constexpr auto kCheckAgain = 10min;
constexpr auto kClockTolerance = 5min;

bool writes_to_etcd(Act act) {
  return act == Act::request || act == Act::publish || act == Act::end_claim || act == Act::take ||
         act == Act::report || act == Act::halt || act == Act::return_back;
}

}  // namespace

fleet::Self Host::self() const {
  fleet::Self self{.name = member_};
  self.conflict = conflict_;
  self.other_key = key_lost_;
  self.installed = disk_.installed;
  self.in_use = disk_.in_use;
  self.stage = stage();
  if (self.stage == fleet::Self::Stage::answered) {
    self.answer = answer_;
    self.rolled_back = disk_.rolled_back;
  }
  self.local = disk_.local;
  if (!disk_.requests.empty()) {
    self.last_request = disk_.requests.back();
  }
  self.due = planned_.act == renewal::Act::renew || planned_.act == renewal::Act::obtain;
  self.delayed = planned_.act == renewal::Act::wait && planned_.reason == renewal::Reason::retry;
  self.in_window = planned_.act == renewal::Act::deploy || self.delayed;
  self.schedule_next = planned_.act == renewal::Act::wait ? planned_.at : wall() + kCheckAgain;
  if (self.stage == fleet::Self::Stage::installed && schedule_->attempts().failures_in_a_row > 0) {
    self.gateway_down = schedule_->attempts().last_message;
  }
  self.request_failed = request_failed_;
  self.retry_delay = retry_delay_;
  if (unable_.revision != 0 && unable_.revision == view_->generation.revision && wall() < unable_.until) {
    self.unable = "it cannot be adopted";
    self.unable_until = unable_.until;
  }
  return self;
}

bool Host::goes_alone() const {
  const auto& used = disk_.in_use.value_or(disk_.installed);
  return unreachable_since_ &&
         fleet::goes_alone(world_.rules, world_.now() - *unreachable_since_, used.not_after, splay_, wall());
}

void Host::next() {
  if (step_may_crash()) {
    return;
  }
  if (steps_++ >= kStepsPerCheck) {
    return finish(wall() + kRetryAtEtcd);
  }
  if (goes_alone()) {
    return by_itself();
  }
  alone_ = false;
  refresh([this](bool reachable) {
    if (!view_) {
      if (stage() == fleet::Self::Stage::installed && planned_.act == renewal::Act::deploy) {
        return act(renewal::Act::deploy);
      }
      return finish(wall() + kRetryAtEtcd);
    }
    last_self_ = self();
    decided_on_ = *view_;
    last_step_ = fleet::decide(*view_, sightings_, *last_self_, world_.rules, new_id(), both());
    trace_step();
    if (!reachable && writes_to_etcd(last_step_.act)) {
      return finish(wall() + kRetryAtEtcd);
    }
    perform();
  });
}

void Host::trace_step() const {
  if (!world_.is_tracing()) {
    return;
  }
  const std::string until = last_step_.act == Act::wait ? " until " + format_time(last_step_.at - skew_) : "";
  trace(fmt::format("act {}, {}{} {}", static_cast<int>(last_step_.act), to_string(last_step_.state), until,
                    last_step_.reason));
}

void Host::perform() {
  switch (last_step_.act) {
    case Act::wait:
      return wait();
    case Act::judge:
      return judge() ? next() : void();
    case Act::deploy:
      return write_presence(last_step_.state, [this] { act(renewal::Act::deploy); });
    case Act::request:
      return present_first([this] { request(); });
    case Act::adopt:
      return adopt();
    case Act::publish:
      return publish();
    case Act::set_aside:
      trace("sets its answer aside");
      disk_.answer.reset();
      disk_.phase = Phase::none;
      answer_.reset();
      return finish(wall());
    case Act::end_claim:
      return end_claim();
    case Act::go_alone:
      return by_itself();
    case Act::take:
    case Act::report:
      return present_first([this] { write_rollout(); });
    case Act::halt:
    case Act::return_back:
      return write_rollout();
  }
}

void Host::wait() {
  write_presence(last_step_.state, [this] {
    const bool is_there = !present_ || conflict_ || view_->is_present(member_);
    const auto again = fleet::decide(*view_, sightings_, *last_self_, world_.rules, "", both());
    if (!unreachable_since_ && (!is_there || again.act != Act::wait || again.state != last_step_.state)) {
      return next();
    }
    finish(unreachable_since_ ? std::min<TimePoint>(last_step_.at, wall() + kRetryAtEtcd) : last_step_.at);
  });
}

// One that claims or restarts must not look absent, and another process with its name must notice it in time.
void Host::present_first(std::function<void()> then) {
  const auto shown = view_->members.find(member_);
  if (shown != view_->members.end() && shown->second.value && shown->second.value->process == process_) {
    return then();
  }
  write_presence(MemberState::ready, [this, then = std::move(then)] { conflict_ ? next() : then(); });
}

void Host::request() {
  if (world_.mishap(0.05)) {
    return failed(ErrorKind::disk, "the disk is full");
  }
  const fleet::Now before = both();
  const std::string id = last_step_.renewal->claim->id;
  commit(fleet::write_renewal(decided_on_, world_.keys, *last_step_.renewal), [this, before, id](bool claimed) {
    if (!claimed) {
      return next();
    }
    trace(fmt::format("claims with {}", id));
    claim_ = id;
    claim_confirmed_ = before;
    request_failed_.reset();
    write_presence(MemberState::leading, [this] { act(renewal::Act::obtain); });
  });
}

void Host::confirm_claim(std::function<void(bool)> then) {
  if (alone_) {
    return then(true);
  }
  if (!claim_) {
    return then(false);
  }
  const fleet::Now before = both();
  const auto by_wall = before.wall - claim_confirmed_.wall;
  if (before.boot - claim_confirmed_.boot < kClaimIsFresh && by_wall >= 0s && by_wall < kClaimIsFresh) {
    return then(true);
  }
  refresh([this, before, then = std::move(then)](bool /*reachable*/) {
    const auto renewal = fleet::confirmed(*view_, *claim_);
    if (!renewal) {
      return then(false);
    }
    commit(fleet::write_renewal(*view_, world_.keys, *renewal), [this, before, then](bool confirmed) {
      if (confirmed) {
        claim_confirmed_ = before;
      }
      then(confirmed && both().boot - before.boot < kClaimIsFresh);
    });
  });
}

void Host::end_claim() {
  commit(fleet::write_renewal(*view_, world_.keys, *last_step_.renewal), [this](bool ended) {
    if (ended) {
      trace("ends its claim");
      claim_.reset();
      request_failed_.reset();
    }
    next();
  });
}

void Host::adopt() {
  const fleet::Header header = view_->generation.value->header;
  if (key_lost_) {
    unable_ = {view_->generation.revision};
    return next();
  }
  if (world_.mishap(0.03)) {
    unable_ = {view_->generation.revision, wall() + 1min};
    return failed(ErrorKind::disk, "the disk is full");
  }
  if (header.certificate.not_before > wall() + kClockTolerance) {
    unable_ = {view_->generation.revision, header.certificate.not_before};
    return failed(ErrorKind::bad_answer, "the certificate is not valid yet");
  }
  trace(fmt::format("adopts {}", header.certificate.serial));
  disk_.answer = header.certificate;
  disk_.phase = Phase::answered;
  disk_.rolled_back = 0;
  if (step_may_crash()) {
    return;
  }
  answer_ = header.certificate;
  disk_.local.fingerprint = header.certificate.fingerprint;
  disk_.local.generation = header.generation;
  schedule_->obtained(wall());
  finish(wall());
}

void Host::publish() {
  const bool waits = stage() == fleet::Self::Stage::answered;
  const auto known = view_->generation.value ? view_->generation.value->header.generation : 0;
  fleet::Published published;
  published.header = {.account = "account",
                      .generation = std::max(known, disk_.local.highest) + 1,
                      .key_id = "0123456789abcdef",
                      .salt = std::string(32, 's'),
                      .published_by = member_,
                      .claim = claim_.value_or("alone"),
                      .at = wall(),
                      .certificate = waits ? *disk_.answer : disk_.installed};
  published.header_line = fleet::header_line(published.header);
  commit(fleet::publish(*view_, world_.keys, published), [this, header = published.header](bool done) {
    if (done) {
      trace(fmt::format("publishes {}", header.certificate.serial));
      claim_.reset();
      request_failed_.reset();
      if (step_may_crash()) {
        return;
      }
      disk_.local.fingerprint = header.certificate.fingerprint;
      disk_.local.generation = header.generation;
    }
    next();
  });
}

void Host::write_rollout() {
  if (last_step_.act == Act::take) {
    disk_.local.rolled_back = last_self_->rolled_back;
  }
  commit(fleet::write_rollout(decided_on_, world_.keys, *last_step_.rollout),
         [this, act = last_step_.act](bool written) {
           if (written) {
             trace(act == Act::take     ? "takes a turn"
                   : act == Act::report ? "reports"
                   : act == Act::halt   ? "halts the roll-out"
                                        : "is back");
           }
           next();
         });
}

void Host::by_itself() {
  alone_ = true;
  if (stage() == fleet::Self::Stage::answered && !answer_ && planned_.act != renewal::Act::wait && !judge()) {
    return;
  }
  write_presence(MemberState::alone, [this] {
    if (planned_.act == renewal::Act::wait) {
      return finish(planned_.at);
    }
    act(planned_.act == renewal::Act::renew ? renewal::Act::obtain : planned_.act);
  });
}

void Host::write_presence(MemberState state, std::function<void()> then) {
  if (!view_ || unreachable_since_ || !last_self_) {
    return then();
  }
  fleet::MemberRecord record{.machine = machine_,
                             .process = process_,
                             .version = "1",
                             .key_id = key_lost_ ? "0000000000000000" : "0123456789abcdef",
                             .state = state,
                             .reason = last_step_.reason,
                             .generation = 0,
                             .installed = last_self_->installed,
                             .in_use = last_self_->in_use,
                             .since = std::chrono::floor<std::chrono::seconds>(wall())};
  if (disk_.local.fingerprint == disk_.installed.fingerprint) {
    record.generation = disk_.local.generation;
  }
  if (record_ && record_->state == state) {
    record.since = record_->since;
  }
  const auto stored = view_->members.find(member_);
  const bool same = stored != view_->members.end() && stored->second.value == record;
  record_ = record;
  if (same || conflict_) {
    return then();
  }
  const auto transaction = fleet::write_presence(*view_, world_.keys, member_, record);
  if (!transaction) {
    conflict_ = true;
    wake();
    return then();
  }
  commit(*transaction, [this, then = std::move(then)](bool written) {
    present_ = present_ || written;
    then();
  });
}

}  // namespace renewd::testing
