// What a host does: its supervisor, its renewal, and its part in the fleet.
#include <algorithm>

#include <fmt/format.h>

#include "core/text.hpp"
#include "simulation/host.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::Act;
using fleet::MemberState;

constexpr auto kClaimIsFresh = 20s;
constexpr int kStepsPerCheck = 20;
constexpr auto kRetryAtEtcd = 1min;
constexpr auto kCheckAgain = 10min;
constexpr auto kClockTolerance = 5min;
constexpr int kRollbacksPerAnswer = 3;

bool writes_to_etcd(Act act) {
  return act == Act::request || act == Act::publish || act == Act::end_claim || act == Act::take ||
         act == Act::report || act == Act::halt || act == Act::return_back;
}

}  // namespace

// --- supervision/supervisor

void Host::wake_at(TimePoint at) {
  const std::uint64_t number = ++wake_number_;
  later(std::max(world_.now(), at - skew_), [this, number] {
    if (number == wake_number_) {
      check();
    }
  });
}

void Host::wake() {
  if (checking_) {
    fleet_changed_ = true;
  } else {
    wake_at(wall());
  }
}

fleet::Self::Stage Host::stage() const {
  switch (disk_.phase) {
    case Phase::none:
    case Phase::requested:
      return fleet::Self::Stage::none;
    case Phase::answered:
      return fleet::Self::Stage::answered;
    case Phase::installed:
      return fleet::Self::Stage::installed;
  }
  return fleet::Self::Stage::none;
}

void Host::check() {
  if (checking_) {
    return;
  }
  checking_ = true;
  fleet_changed_ = false;
  ++wake_number_;
  const renewal::Validity validity{disk_.installed.not_before, disk_.installed.not_after};
  if (const auto wait = renewal::wait_for_clock(validity, wall())) {
    return finish(wait->next);
  }
  const auto unfinished = stage() == fleet::Self::Stage::none       ? renewal::Unfinished::none
                          : stage() == fleet::Self::Stage::answered ? renewal::Unfinished::answered
                                                                    : renewal::Unfinished::installed;
  if (std::exchange(clock_was_set_, false)) {
    schedule_->clock_was_set(wall(), unfinished);
  }
  std::erase_if(disk_.requests, [this](TimePoint at) { return at <= wall() - 24h; });
  for (auto& request : disk_.requests) {
    request = std::min(request, wall());
  }
  planned_ = schedule_->next({validity, unfinished, disk_.requests}, wall());
  if (planned_.reason == renewal::Reason::not_due) {
    schedule_->forget_failures();
  }
  if (stage() != fleet::Self::Stage::answered) {
    answer_.reset();
  }
  steps_ = 0;
  busy_ = true;
  next();
}

void Host::finish(TimePoint at) {
  busy_ = false;
  checking_ = false;
  disk_.attempts = schedule_->attempts();
  wake_at(std::exchange(fleet_changed_, false) ? wall()
                                               : std::min<TimePoint>(at, wall() + schedule_settings_.check_every));
}

void Host::failed(ErrorKind kind, const std::string& message) {
  const TimePoint retry_at = count_failure(kind, message);
  finish(retry_at);
}

// Supervisor::act(): the fleet waits for the outcome.
void Host::act_failed(ErrorKind kind, const std::string& message) {
  (void)count_failure(kind, message);
  finish(wall());
}

TimePoint Host::count_failure(ErrorKind kind, const std::string& message) {
  trace(fmt::format("fails: {} ({})", message, to_string(kind)));
  const TimePoint retry_at = schedule_->failed({kind, message}, disk_.installed.not_after, wall());
  retry_delay_ = std::max(std::chrono::ceil<std::chrono::seconds>(retry_at - wall()), std::chrono::seconds(1));
  if (claim_) {
    request_failed_ = fleet::FailedRequest{member_, std::string(to_string(kind)), message, wall()};
  }
  return retry_at;
}

void Host::act(renewal::Act act) {
  busy_ = false;
  if (act == renewal::Act::deploy) {
    deploy();
  } else {
    obtain();
  }
}

// --- renewal/deploy

void Host::deploy() {
  if (step_may_crash()) {
    return;
  }
  if (disk_.phase == Phase::answered) {
    world_.history.installations.push_back({member_, disk_.installed, *disk_.answer});
    disk_.previous = disk_.installed;
    disk_.installed = *disk_.answer;
    disk_.phase = Phase::installed;
    disk_.without_fleet = alone_ || last_step_.state == MemberState::alone;
    trace(fmt::format("installs {}", disk_.installed.serial));
    if (step_may_crash()) {
      return;
    }
  }
  if (gateway_.up && gateway_.runs_with.fingerprint == disk_.installed.fingerprint) {
    return verified();
  }
  restart_gateway([this](bool runs) {
    if (runs) {
      verified();
    } else {
      roll_back();
    }
  });
}

// The restart ends whether or not the daemon still runs.
void Host::restart_gateway(std::function<void(bool)> then) {
  const fleet::CertificateRecord certificate = disk_.installed;
  gateway_.up = false;
  const std::size_t number = ++gateway_.restarts;
  const std::size_t place = world_.history.restarts.size();
  const bool by_itself = alone_ || disk_.without_fleet;
  const std::string& deployed = disk_.answer ? disk_.answer->fingerprint : certificate.fingerprint;
  world_.history.restarts.push_back({member_, deployed, world_.now(), TimePoint::max(), by_itself});
  trace(fmt::format("restarts its gateway with {}", certificate.serial));
  auto tell = guarded(std::move(then));
  world_.at(world_.now() + world_.random.between(Span(5s), Span(60s)), [this, certificate, number, place, tell] {
    if (number != gateway_.restarts) {
      return;
    }
    const bool runs = world_.runs(member_, certificate);
    if (runs) {
      gateway_.up = true;
      gateway_.runs_with = certificate;
      // All its restarts since it went down are over.
      for (auto& restart : world_.history.restarts) {
        if (restart.member == member_ && restart.up == TimePoint::max()) {
          restart.up = world_.now();
        }
      }
    } else if (place + 1 < world_.history.restarts.size()) {
      trace("its gateway does not run");
    }
    tell(runs);
  });
}

void Host::verified() {
  trace(fmt::format("its gateway runs with {}", disk_.installed.serial));
  disk_.in_use = disk_.installed;
  disk_.phase = Phase::none;
  disk_.answer.reset();
  disk_.rolled_back = 0;
  if (step_may_crash()) {
    return;
  }
  schedule_->succeeded(wall());
  world_.expect_report(*this);
  finish(wall());
}

void Host::roll_back() {
  if (step_may_crash()) {
    return;
  }
  const fleet::CertificateRecord renewed = disk_.installed;
  world_.history.installations.push_back({member_, renewed, disk_.previous, true});
  disk_.installed = disk_.previous;
  trace(fmt::format("rolls back to {}", disk_.installed.serial));
  restart_gateway([this, renewed](bool runs) {
    if (!runs) {
      // Neither runs: it goes on later, with the renewed one again.
      world_.history.installations.push_back({member_, disk_.installed, renewed, true});
      disk_.installed = renewed;
      return act_failed(ErrorKind::gateway, "the gateway runs with neither certificate");
    }
    ++disk_.rolled_back;
    disk_.phase = Phase::answered;
    if (disk_.rolled_back >= kRollbacksPerAnswer) {
      disk_.phase = Phase::none;
      disk_.answer.reset();
      disk_.rolled_back = 0;
    }
    act_failed(ErrorKind::gateway, "the gateway does not run with the renewed certificate");
  });
}

// --- renewal/obtain

void Host::obtain() {
  if (step_may_crash()) {
    return;
  }
  if (world_.mishap(0.05)) {
    return act_failed(ErrorKind::unauthorized, "the token cannot be read");
  }
  disk_.requests.push_back(wall());
  disk_.phase = Phase::requested;
  if (step_may_crash()) {
    return;
  }
  const Span pause = world_.mishap(0.05) ? world_.random.spread(1s, 1min) : Span(20ms);
  later(world_.now() + pause, [this] {
    confirm_claim([this](bool confirmed) {
      if (confirmed) {
        return post();
      }
      disk_.phase = Phase::none;
      act_failed(ErrorKind::fleet, "its claim is lost");
    });
  });
}

void Host::post() {
  trace(alone_ ? "requests a certificate alone" : fmt::format("requests a certificate with the claim {}", *claim_));
  outstanding_ = true;
  world_.request_certificate(*this, alone_ ? "" : *claim_,
                             [this, epoch = epoch_](Result<fleet::CertificateRecord> answer) {
                               resume(epoch, [this, answer] { answered(answer); });
                             });
}

void Host::answered(Result<fleet::CertificateRecord> answer) {
  outstanding_ = false;
  if (!answer) {
    ++world_.history.further_requests;
    disk_.phase = Phase::none;
    return act_failed(answer.error().kind, answer.error().message);
  }
  trace(fmt::format("stores the answer {}", answer->serial));
  disk_.answer = *answer;
  disk_.phase = Phase::answered;
  disk_.rolled_back = 0;
  if (step_may_crash()) {
    return;
  }
  if (disk_.answer->not_before > wall() + kClockTolerance) {
    ++world_.history.further_requests;
    return act_failed(ErrorKind::bad_answer, "the certificate is not valid yet");
  }
  finish(wall());
}

// Whether the next step can be decided.
bool Host::judge() {
  if (disk_.answer->not_before > wall() + kClockTolerance) {
    failed(ErrorKind::bad_answer, "the certificate is not valid yet");
    return false;
  }
  if (disk_.answer->not_after <= disk_.installed.not_after) {
    disk_.answer.reset();
    disk_.phase = Phase::none;
    failed(ErrorKind::bad_answer, "the certificate is not later");
    return false;
  }
  answer_ = disk_.answer;
  disk_.local.fingerprint = answer_->fingerprint;
  const auto& published = view_ ? view_->generation.value : std::nullopt;
  disk_.local.generation =
      published && published->header.certificate.fingerprint == answer_->fingerprint ? published->header.generation : 0;
  return true;
}

// --- supervision/fleet_member

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
    last_step_ = fleet::decide(*view_, sightings_, *last_self_, world_.rules, new_id(), both());
    trace_step();
    if (!reachable && writes_to_etcd(last_step_.act)) {
      return finish(wall() + kRetryAtEtcd);
    }
    perform();
  });
}

void Host::trace_step() const {
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
      return request();
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

void Host::request() {
  if (world_.mishap(0.05)) {
    return failed(ErrorKind::disk, "the disk is full");
  }
  const fleet::Now before = both();
  const std::string id = last_step_.renewal->claim->id;
  commit(fleet::write_renewal(*view_, world_.keys, *last_step_.renewal), [this, before, id](bool claimed) {
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
  commit(fleet::write_rollout(*view_, world_.keys, *last_step_.rollout), [this, act = last_step_.act](bool written) {
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
  fleet::MemberRecord record{.machine = member_,
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
  const auto transaction =
      same || conflict_ ? std::nullopt : fleet::write_presence(*view_, world_.keys, member_, record);
  record_ = record;
  if (!transaction) {
    return then();
  }
  present_ = true;
  commit(*transaction, [then = std::move(then)](bool /*written*/) { then(); });
}

}  // namespace renewd::testing
