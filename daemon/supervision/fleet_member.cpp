#include "supervision/fleet_member.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/blocking.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "core/version.hpp"
#include "fleet/transactions.hpp"
#include "renewal/host.hpp"
#include "renewal/policy.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;
using fleet::Act;
using fleet::MemberState;

namespace {

using namespace std::chrono_literals;

// One check performs no more steps than this: another one follows.
constexpr int kStepsPerCheck = 20;
// Until what etcd could not be asked is tried again, unless the view changes before.
constexpr std::chrono::seconds kRetryAtEtcd = 1min;
// What waits for the fleet alone is looked at again after so long, whatever a watch may have missed.
constexpr std::chrono::minutes kCheckAgain{10};
bool writes_to_etcd(Act act) {
  switch (act) {
    case Act::request:
    case Act::publish:
    case Act::end_claim:
    case Act::take:
    case Act::report:
    case Act::halt:
    case Act::return_back:
      return true;
    case Act::wait:
    case Act::judge:
    case Act::deploy:
    case Act::adopt:
    case Act::set_aside:
    case Act::go_alone:
      break;
  }
  return false;
}

// Also when an exception ends the work.
class BusyWhile {
 public:
  explicit BusyWhile(bool& busy) : busy_(busy) { busy_ = true; }
  ~BusyWhile() { busy_ = false; }
  BusyWhile(const BusyWhile&) = delete;
  BusyWhile& operator=(const BusyWhile&) = delete;

 private:
  bool& busy_;
};

bool is_delayed(const renewal::Step& planned) {
  return planned.act == renewal::Act::wait && planned.reason == renewal::Reason::retry;
}

// An answer in `accepted` may be installed already.
fleet::Self::Stage stage_of(const std::optional<renewal::Record>& record) {
  if (!record || record->phase == renewal::Phase::requested) {
    return fleet::Self::Stage::none;
  }
  return record->phase == renewal::Phase::answered ? fleet::Self::Stage::answered : fleet::Self::Stage::installed;
}

double place_among_hosts(const Filesystem& filesystem, const std::string& certificate) {
  constexpr std::chrono::seconds kParts{1'000'000};
  const auto offset = renewal::splay_offset(renewal::host_identity(filesystem), certificate + "/alone", kParts);
  return std::chrono::duration<double>(offset) / kParts;
}

}  // namespace

FleetMember::FleetMember(const asio::any_io_executor& executor, std::shared_ptr<const FleetLink> link,
                         const renewal::RenewalContext& context, const configuration::CertificateSettings& certificate,
                         const configuration::Settings& settings, renewal::Renewal& renewal, std::function<void()> wake,
                         std::function<void()> seen)
    : link_(std::move(link)),
      context_(context),
      certificate_(certificate),
      rules_{link_->settings.restart_at_once, settings.schedule.requests_per_day, link_->settings.alone_after,
             link_->settings.takeover_after,  link_->settings.lost_after,         settings.http.request_timeout},
      name_(fmt::format("{}/{}", link_->host, certificate.name)),
      splay_(place_among_hosts(context.filesystem, certificate.name)),
      retry_at_least_(settings.schedule.retry_at_least),
      retry_delay_(retry_at_least_),
      renewal_(renewal),
      wake_(std::move(wake)),
      seen_(std::move(seen)),
      announcer_(context.log, certificate.name, settings.schedule.check_every),
      view_(executor, link_, fleet::Keys(link_->settings.prefix, certificate.account_id())),
      local_store_(context.filesystem, {settings.state_directory, certificate.name}) {
  view_.on_change([this] { view_changed(); });
}

renewal::Step FleetMember::wait_until(TimePoint at, std::string message) {
  return {renewal::Act::wait, at, renewal::Reason::fleet, std::move(message)};
}

fleet::Now FleetMember::now() const {
  return {context_.clock.now(), link_->boot_time()};
}

std::uint64_t FleetMember::published_generation() const {
  // Anybody who can write to etcd could have written a header that was not opened.
  const bool is_genuine = checked_.opened && checked_.revision == decided_on_.generation.revision;
  return is_genuine && decided_on_.generation.value ? decided_on_.generation.value->header.generation : 0;
}

Result<void> FleetMember::remember(fleet::LocalRecord record) {
  record.highest = std::max(record.highest, published_generation());
  if (record == local_) {
    return {};
  }
  TRY(local_store_.save(record));
  local_ = std::move(record);
  return {};
}

fleet::Self FleetMember::self_of(const HostSituation& situation) const {
  const auto& planned = situation.planned;
  const auto& view = *view_.view();
  fleet::Self self{.name = name_};
  self.takes_part = certificate_.renew != configuration::RenewMode::never;
  self.conflict = conflict_;
  self.splay = splay_;
  self.other_key = uses_other_key(view);
  self.installed = situation.installed;
  self.in_use = situation.in_use;
  self.stage = stage_of(situation.unfinished);
  if (self.stage == fleet::Self::Stage::answered) {
    self.answer = answer_;
    self.rolled_back = situation.unfinished->rolled_back;
  }
  self.local = local_;
  if (!situation.requests.empty()) {
    self.last_request = situation.requests.back();
  }
  self.due = planned.act == renewal::Act::renew || planned.act == renewal::Act::obtain;
  self.delayed = is_delayed(planned);
  self.in_window = planned.act == renewal::Act::deploy || self.delayed;
  // What is due now waits for the fleet, which says when.
  self.schedule_next = planned.act == renewal::Act::wait ? planned.at : now().wall + kCheckAgain;
  if (self.stage == fleet::Self::Stage::installed && !situation.gateway_failure.empty()) {
    self.gateway_down = situation.gateway_failure;
  }
  self.request_failed = request_failed_;
  self.retry_delay = retry_delay_;
  if (unable_.revision != 0 && unable_.revision == view.generation.revision && now().wall < unable_.until) {
    self.unable = unable_.message;
    self.unable_until = unable_.until;
  }
  self.unpublishable = unpublishable_ == situation.installed.fingerprint;
  return self;
}

bool FleetMember::uses_other_key(const fleet::View& view) const {
  const auto has = [this](const std::string& id) {
    return std::ranges::any_of(fleet_keys_, [&id](const fleet::FleetKey& key) { return key.id() == id; });
  };
  if (view.generation.value) {
    return !has(view.generation.value->header.key_id);
  }
  // Nothing tells who is right, but for the number of hosts.
  std::ptrdiff_t agree = 1;
  std::ptrdiff_t differ = 0;
  for (const auto& [name, member] : view.members) {
    if (name != name_ && member.value) {
      ++(has(member.value->key_id) ? agree : differ);
    }
  }
  return fleet_keys_.empty() || differ > agree;
}

bool FleetMember::goes_alone(const HostSituation& situation) const {
  const auto unreachable = view_.unreachable_for();
  const auto& used = situation.in_use.value_or(situation.installed);
  return unreachable && certificate_.renew != configuration::RenewMode::never &&
         fleet::goes_alone(rules_, *unreachable, used.not_after, splay_, context_.clock.now());
}

asio::awaitable<Result<renewal::Step>> FleetMember::next(HostSituation situation) {
  (void)co_await read_inputs();
  if (stage_of(situation.unfinished) != fleet::Self::Stage::answered) {
    answer_.reset();
  }
  if (renewal_.holds_answer() && situation.planned.act != renewal::Act::wait) {
    // To store it needs no request, and hence no claim.
    situation.planned.act = renewal::Act::obtain;
    co_return situation.planned;
  }
  last_situation_ = situation;
  Done done = std::nullopt;
  {
    const BusyWhile busy(busy_);
    for (int steps = 0; done && !*done && steps < kStepsPerCheck; ++steps) {
      done = co_await perform_next(situation);
    }
  }
  if (!done) {
    co_return tl::unexpected(std::move(done.error()));
  }
  if (*done && (*done)->act == renewal::Act::wait) {
    view_changed();  // what has changed since the decision
  }
  co_return done->value_or(wait_until(context_.clock.now() + kRetryAtEtcd, "another step of the fleet follows"));
}

asio::awaitable<FleetMember::Done> FleetMember::perform_next(HostSituation situation) {
  if (goes_alone(situation)) {
    if (view_.view() != nullptr) {
      decided_on_ = trusted_view();
      decided_at_ = moment_of(decided_on_);
    }
    co_return co_await by_itself(std::move(situation), "etcd is unreachable, and the certificate in use expires soon");
  }
  alone_ = false;
  const bool reachable = co_await view_.refresh();
  if (view_.view() == nullptr) {
    co_return until_etcd_is_back(situation);
  }
  co_await check_generation();
  decided_on_ = trusted_view();
  decided_at_ = moment_of(decided_on_);
  last_self_ = self_of(situation);
  last_step_ = fleet::decide(decided_on_, view_.sightings(), *last_self_, rules_, new_id(), now());
  if (!reachable && writes_to_etcd(last_step_.act)) {
    co_return until_etcd_is_back(situation);
  }
  note_whether_behind();
  // One that claims or restarts must not look absent, and another process with its name must notice it in time.
  const bool acts = last_step_.act == Act::request || last_step_.act == Act::take || last_step_.act == Act::report;
  if (acts && !is_present()) {
    co_await write_presence(last_step_.act == Act::request ? MemberState::current : MemberState::ready, "");
    if (conflict_) {
      co_return std::nullopt;
    }
  }
  const int failed_commits = view_.failed_commits();
  Done done = co_await perform(last_step_, situation);
  const bool goes_on = done && !*done;
  if (goes_on && view_.failed_commits() > std::max(failed_commits, 1)) {
    co_return until_etcd_is_back(situation);
  }
  if (goes_on && (last_step_.act == Act::adopt || last_step_.act == Act::set_aside)) {
    co_return wait_until(context_.clock.now(), "");  // the journal is another one now
  }
  co_return done;
}

asio::awaitable<FleetMember::Done> FleetMember::perform(fleet::Step step, HostSituation situation) {
  switch (step.act) {
    case Act::wait:
      co_return co_await wait(std::move(step), std::move(situation));
    case Act::judge:
      co_return co_await judge();
    case Act::deploy:
      co_return co_await deploy(std::move(step), std::move(situation));
    case Act::request:
      co_return co_await request(std::move(step), std::move(situation));
    case Act::adopt:
      co_return co_await adopt();
    case Act::publish:
      co_return co_await publish();
    case Act::set_aside:
      co_return co_await set_aside();
    case Act::end_claim:
      co_return co_await end_claim(std::move(step));
    case Act::go_alone:
      co_return co_await by_itself(std::move(situation), "this host can take no part in the fleet");
    case Act::take:
    case Act::report:
    case Act::halt:
    case Act::return_back:
      co_return co_await write_rollout(std::move(step));
  }
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::wait(fleet::Step step, HostSituation situation) {
  const bool waits = step.state == MemberState::waiting && (!record_ || record_->state != MemberState::waiting);
  co_await write_presence(step.state, step.reason);
  if (waits) {
    announcer_.turn("waiting", published_generation(), step.reason);
  }
  const TimePoint at = view_.unreachable_for() ? std::min(step.at, context_.clock.now() + kRetryAtEtcd) : step.at;
  // Where the fleet has nothing to say, the host's own plan is the reason.
  renewal::Step waiting = std::move(situation.planned);
  if (waiting.act != renewal::Act::wait || !step.reason.empty()) {
    waiting = wait_until(at, std::move(step.reason));
  }
  waiting.at = std::min(waiting.at, at);
  co_return waiting;
}

// What is at the gateway already is finished without asking anybody.
renewal::Step FleetMember::until_etcd_is_back(const HostSituation& situation) const {
  if (stage_of(situation.unfinished) == fleet::Self::Stage::installed) {
    return situation.planned;
  }
  return wait_until(context_.clock.now() + kRetryAtEtcd, "etcd is unreachable");
}

asio::awaitable<FleetMember::Done> FleetMember::deploy(fleet::Step step, HostSituation situation) {
  co_await write_presence(step.state, std::move(step.reason));
  renewal::Step planned = std::move(situation.planned);
  planned.act = renewal::Act::deploy;
  planned.at = context_.clock.now();
  co_return planned;
}

asio::awaitable<FleetMember::Done> FleetMember::write_rollout(fleet::Step step) {
  if (step.act == Act::take) {
    // On the disk before the turn: one more roll-back means that the turn has failed.
    fleet::LocalRecord local = local_;
    local.rolled_back = last_self_->rolled_back;
    CO_TRY(remember(std::move(local)));
  }
  const bool written = co_await view_.commit(fleet::write_rollout(decided_on_, view_.keys(), *step.rollout));
  if (!written) {
    co_return std::nullopt;
  }
  const auto generation = step.rollout->generation;
  if (step.act == Act::take) {
    announcer_.turn("taken", generation,
                    fmt::format("it is this host's turn to restart its gateway with generation {}", generation));
  } else if (step.act == Act::report) {
    announcer_.turn("released", generation,
                    step.state == MemberState::current  ? "the gateway runs with the certificate"
                    : step.state == MemberState::failed ? "the gateway did not run with the certificate"
                                                        : "the turn ends without a restart");
  }
  co_return std::nullopt;
}

// As the host's own schedule says. What it obtains is judged before it is installed, so that it is published later.
asio::awaitable<FleetMember::Done> FleetMember::by_itself(HostSituation situation, std::string why) {
  alone_ = true;
  const auto& used = situation.in_use.value_or(situation.installed);
  const bool acts = situation.planned.act != renewal::Act::wait;
  if (acts) {
    announcer_.alone(used.not_after, fmt::format("{}: renewing without the fleet", why));
  }
  if (stage_of(situation.unfinished) == fleet::Self::Stage::answered && !answer_ && acts) {
    CO_TRY_LET([[maybe_unused]] const auto judged, co_await judge());
  }
  (void)co_await view_.refresh();
  co_await write_presence(MemberState::alone, std::move(why));
  renewal::Step planned = std::move(situation.planned);
  if (planned.act == renewal::Act::renew) {
    planned.act = renewal::Act::obtain;
  }
  co_return planned;
}

asio::awaitable<bool> FleetMember::read_inputs() {
  const auto& settings = link_->settings;
  // Commands write what they did by hand.
  local_ = co_await run_blocking(context_.pool, [this] { return local_store_.load(); });
  auto keys = co_await run_blocking(context_.pool, [&settings]() -> Result<std::vector<fleet::FleetKey>> {
    std::vector<fleet::FleetKey> read;
    for (const auto* source : {&settings.key, &settings.second_key}) {
      if (*source) {
        TRY_LET(const Secret text, read_secret(**source));
        TRY_LET(fleet::FleetKey key, fleet::FleetKey::parse(text));
        read.push_back(std::move(key));
      }
    }
    return read;
  });
  // A key that cannot be read now may still be used.
  const std::string problem = keys ? "" : keys.error().message;
  if (!keys && problem != keys_problem_) {
    announcer_.no_key(problem);
  }
  keys_problem_ = problem;
  const bool changed = keys && !std::ranges::equal(*keys, fleet_keys_, {}, &fleet::FleetKey::id, &fleet::FleetKey::id);
  if (changed) {
    fleet_keys_ = std::move(*keys);
    try_again();
  }
  co_return changed;
}

}  // namespace renewd::supervision
