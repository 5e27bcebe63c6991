// What a host does: its supervisor, and its renewal.
#include <algorithm>

#include <fmt/format.h>

#include "simulation/host.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::MemberState;

constexpr auto kClockTolerance = 5min;
constexpr int kRollbacksPerAnswer = 3;

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
    case Phase::rolling_back:
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
  planned_in_window_ =
      certificate_.activate_windows.empty() || renewal::may_activate(validity, certificate_, offset_, wall()).due;
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
  if (disk_.phase == Phase::rolling_back) {
    if (disk_.previous.not_after > wall()) {
      return put_back();
    }
    disk_.phase = Phase::answered;
  }
  if (disk_.phase == Phase::answered) {
    world_.expect_window(*this, planned_in_window_);
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
  world_.history.restarts.push_back(
      {member_, deployed, world_.now(), TimePoint::max(), by_itself, world_.gateway_of(*this)});
  gateway_.down.push_back(place);
  world_.excuse_twins(*this);
  trace(fmt::format("restarts its gateway with {}", certificate.serial));
  auto tell = guarded(std::move(then));
  world_.at(world_.now() + world_.random.between(Span(5s), Span(60s)), [this, certificate, number, tell] {
    if (number != gateway_.restarts) {
      return;
    }
    const bool runs = world_.runs(member_, certificate);
    if (runs) {
      gateway_.up = true;
      gateway_.runs_with = certificate;
      // All its restarts since it went down are over.
      for (const std::size_t begun : std::exchange(gateway_.down, {})) {
        world_.history.restarts[begun].up = world_.now();
      }
    } else {
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
  if (!conflict_) {
    world_.expect_report(*this);
  }
  finish(wall());
}

void Host::roll_back() {
  if (step_may_crash()) {
    return;
  }
  world_.history.installations.push_back({member_, disk_.installed, disk_.previous, true});
  disk_.installed = disk_.previous;
  disk_.phase = Phase::rolling_back;
  trace(fmt::format("rolls back to {}", disk_.installed.serial));
  put_back();
}

void Host::put_back() {
  restart_gateway([this](bool runs) {
    if (!runs) {
      // Neither runs: the roll-back is repeated later.
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
  world_.stored(*answer);
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

}  // namespace renewd::testing
