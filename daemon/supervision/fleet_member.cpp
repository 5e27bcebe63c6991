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

// A request begins at most so long after its claim was confirmed, by the monotonic and by the wall clock: 30 s with
// the time that the confirmation may take.
constexpr std::chrono::seconds kClaimIsFresh = 20s;
// One check performs no more steps than this: another one follows.
constexpr int kStepsPerCheck = 20;
constexpr std::string_view kHolder = "run";
// Until what etcd could not be asked is tried again, unless the view changes before.
constexpr std::chrono::seconds kRetryAtEtcd = 1min;
// What waits for the fleet alone is looked at again after so long, whatever a watch may have missed.
constexpr std::chrono::minutes kCheckAgain{10};
// After a failure of this host, such as a full disk.
constexpr std::chrono::seconds kRetryAdoption = 1min;

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

bool is_of_this_host(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unauthorized:
    case ErrorKind::bad_answer:
    case ErrorKind::disk:
    case ErrorKind::gateway:
    case ErrorKind::fleet:
    case ErrorKind::cancelled:
    case ErrorKind::busy:
      return true;
    case ErrorKind::dns:
    case ErrorKind::connect:
    case ErrorKind::tls:
    case ErrorKind::proxy:
    case ErrorKind::timeout:
    case ErrorKind::client_error:
    case ErrorKind::rate_limited:
    case ErrorKind::server_error:
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

// Whether the others learn nothing new. The reason to wait has numbers that change with each turn of another host.
bool says_the_same(fleet::MemberRecord one, const fleet::MemberRecord& other) {
  if (one.state == MemberState::waiting && other.state == MemberState::waiting) {
    one.reason = other.reason;
  }
  return one == other;
}

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

renewal::Step wait_until(TimePoint at, std::string message) {
  return {renewal::Act::wait, at, renewal::Reason::fleet, std::move(message)};
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

fleet::Now FleetMember::now() const {
  return {context_.clock.now(), link_->boot_time()};
}

std::uint64_t FleetMember::published_generation() const {
  return decided_on_.generation.value ? decided_on_.generation.value->header.generation : 0;
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
  if (self.stage == fleet::Self::Stage::installed && !situation.last_failure.empty()) {
    self.gateway_down = situation.last_failure;
  }
  self.request_failed = request_failed_;
  self.retry_delay = retry_delay_;
  if (unable_.revision != 0 && unable_.revision == view.generation.revision && now().wall < unable_.until) {
    self.unable = unable_.message;
    self.unable_until = unable_.until;
  }
  self.unpublishable =
      !unpublishable_.fingerprint.empty() && unpublishable_.fingerprint == situation.installed.fingerprint;
  return self;
}

bool FleetMember::uses_other_key(const fleet::View& view) const {
  const auto has = [this](const std::string& id) {
    return std::ranges::any_of(fleet_keys_, [&id](const fleet::FleetKey& key) { return key.id() == id; });
  };
  if (view.generation.value) {
    return !has(view.generation.value->header.key_id);
  }
  return fleet_keys_.empty() || std::ranges::any_of(view.members, [&](const auto& member) {
           return member.first != name_ && member.second.value && !has(member.second.value->key_id);
         });
}

bool FleetMember::goes_alone(const HostSituation& situation) const {
  const auto unreachable = view_.unreachable_for();
  const auto& used = situation.in_use.value_or(situation.installed);
  return unreachable && certificate_.renew != configuration::RenewMode::never &&
         fleet::goes_alone(rules_, *unreachable, used.not_after, splay_, context_.clock.now());
}

asio::awaitable<Result<renewal::Step>> FleetMember::next(HostSituation situation) {
  co_await read_inputs();
  if (stage_of(situation.unfinished) != fleet::Self::Stage::answered) {
    answer_.reset();
  }
  if (renewal_.holds_answer() && situation.planned.act != renewal::Act::wait) {
    // To store it needs no request, and hence no claim.
    situation.planned.act = renewal::Act::obtain;
    co_return situation.planned;
  }
  const BusyWhile busy(busy_);
  last_situation_ = situation;
  Done done = std::nullopt;
  for (int steps = 0; done && !*done && steps < kStepsPerCheck; ++steps) {
    if (goes_alone(situation)) {
      done = co_await by_itself(situation, "etcd is unreachable, and the certificate in use expires soon");
      break;
    }
    alone_ = false;
    const bool reachable = co_await view_.refresh();
    if (view_.view() == nullptr) {
      // What is at the gateway already is finished without asking anybody.
      const bool at_gateway = stage_of(situation.unfinished) == fleet::Self::Stage::installed;
      done = std::optional(at_gateway ? situation.planned : until_etcd_is_back());
      break;
    }
    co_await check_generation();
    decided_on_ = trusted_view();
    last_self_ = self_of(situation);
    last_step_ = fleet::decide(decided_on_, view_.sightings(), *last_self_, rules_, new_id(), now());
    if (!reachable && writes_to_etcd(last_step_.act)) {
      done = std::optional(until_etcd_is_back());
      break;
    }
    note_whether_behind();
    const int failed_commits = view_.failed_commits();
    done = co_await perform(last_step_, situation);
    if (done && !*done && view_.failed_commits() > std::max(failed_commits, 1)) {
      done = std::optional(until_etcd_is_back());
    }
    // The journal may be another one now.
    if (done && !*done && (last_step_.act == Act::adopt || last_step_.act == Act::set_aside)) {
      done = std::optional(wait_until(context_.clock.now(), ""));
    }
  }
  busy_ = false;
  if (done && *done && (*done)->act == renewal::Act::wait) {
    view_changed();  // what has changed since the decision
  }
  if (!done) {
    co_return tl::unexpected(std::move(done.error()));
  }
  co_return done->value_or(wait_until(context_.clock.now() + kRetryAtEtcd, "another step of the fleet follows"));
}

// Nothing is decided by a header that anybody could have written: what it heads must open.
asio::awaitable<void> FleetMember::check_generation() {
  const auto& generation = view_.view()->generation;
  if (!generation.value || generation.revision == checked_.revision || fleet_keys_.empty()) {
    co_return;
  }
  const fleet::Published published = *generation.value;
  const fleet::Revision revision = generation.revision;
  auto opened = co_await run_blocking(context_.pool, [&] {
    return fleet::open(fleet_keys_, view_.keys().generation(), certificate_.account_id(), published);
  });
  checked_ = {revision, std::nullopt};
  // With another key it may be right for the others.
  if (!opened && opened.error().refusal != fleet::Refusal::wrong_key) {
    announcer_.refused(view_.keys().generation(), revision, opened.error());
    checked_.refused = fleet::RefusedValue{fleet::Refusal::tampered, opened.error().message};
  }
}

fleet::View FleetMember::trusted_view() const {
  fleet::View view = *view_.view();
  if (checked_.refused && view.generation.revision == checked_.revision) {
    view.generation.value.reset();
    view.generation.refused = checked_.refused;
  }
  return view;
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
  // Changes that came meanwhile have woken nobody.
  const bool is_there = !present_ || conflict_ || view_.view()->is_present(name_);
  const auto again = fleet::decide(*view_.view(), view_.sightings(), *last_self_, rules_, "", now());
  if (!view_.unreachable_for() && (!is_there || again.act != Act::wait || again.state != step.state)) {
    co_return std::nullopt;
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

renewal::Step FleetMember::until_etcd_is_back() const {
  return wait_until(context_.clock.now() + kRetryAtEtcd, "etcd is unreachable");
}

asio::awaitable<FleetMember::Done> FleetMember::deploy(fleet::Step step, HostSituation situation) {
  co_await write_presence(step.state, std::move(step.reason));
  renewal::Step planned = std::move(situation.planned);
  planned.act = renewal::Act::deploy;
  planned.at = context_.clock.now();
  co_return planned;
}

// Whatever could stop the renewal after the answer must stop it before the claim.
asio::awaitable<FleetMember::Done> FleetMember::request(fleet::Step step, HostSituation situation) {
  CO_TRY(co_await renewal_.rehearse(std::string(kHolder)));
  const fleet::Now before = now();
  const std::string id = step.renewal->claim->id;
  const bool claimed = co_await view_.commit(fleet::write_renewal(decided_on_, view_.keys(), *step.renewal));
  if (!claimed) {
    co_return std::nullopt;
  }
  claim_ = id;
  claim_confirmed_ = before;
  request_failed_.reset();
  announcer_.leading();
  co_await write_presence(MemberState::leading, "");
  renewal::Step planned = std::move(situation.planned);
  planned.act = renewal::Act::obtain;
  co_return planned;
}

asio::awaitable<Result<void>> FleetMember::confirm_claim() {
  if (alone_) {
    co_return Result<void>();
  }
  if (!claim_) {
    co_return failure(ErrorKind::fleet, "this host has no claim to request a certificate for the fleet");
  }
  const fleet::Now before = now();
  const auto by_wall = before.wall - claim_confirmed_.wall;
  if (before.boot - claim_confirmed_.boot < kClaimIsFresh && by_wall >= 0s && by_wall < kClaimIsFresh) {
    co_return Result<void>();
  }
  (void)co_await view_.refresh();
  auto renewal = fleet::confirmed(*view_.view(), *claim_);
  bool is_confirmed = false;
  if (renewal) {
    is_confirmed = co_await view_.commit(fleet::write_renewal(*view_.view(), view_.keys(), *renewal));
  }
  if (!is_confirmed || now().boot - before.boot >= kClaimIsFresh) {
    co_return failure(ErrorKind::fleet, "the claim to request a certificate for the fleet could not be confirmed");
  }
  claim_confirmed_ = before;
  co_return Result<void>();
}

void FleetMember::failed(const Error& error, std::chrono::seconds delay) {
  // What is wrong with this host alone must not hold up the others: it keeps its own pace.
  retry_delay_ = is_of_this_host(error.kind) ? retry_at_least_ : std::max(delay, 1s);
  const auto* view = view_.view();
  const bool claims = claim_ && view != nullptr && view->renewal.value && view->renewal.value->claim &&
                      view->renewal.value->claim->id == *claim_;
  if (claims) {
    request_failed_ =
        fleet::FailedRequest{name_, std::string(to_string(error.kind)), error.message, context_.clock.now()};
  }
}

asio::awaitable<FleetMember::Done> FleetMember::end_claim(fleet::Step step) {
  const bool ended = co_await view_.commit(fleet::write_renewal(decided_on_, view_.keys(), *step.renewal));
  if (ended) {
    claim_.reset();
    request_failed_.reset();
  }
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::judge() {
  CO_TRY_LET(const auto certificate, co_await renewal_.judge(std::string(kHolder)));
  if (!certificate) {
    co_return wait_until(context_.clock.now(), "");
  }
  answer_ = state::record_of(*certificate);
  fleet::LocalRecord local = local_;
  local.fingerprint = answer_->fingerprint;
  const auto& published = decided_on_.generation.value;
  local.generation =
      published && published->header.certificate.fingerprint == local.fingerprint ? published->header.generation : 0;
  CO_TRY(remember(std::move(local)));
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::adopt() {
  const fleet::Published published = *decided_on_.generation.value;
  const fleet::Revision revision = decided_on_.generation.revision;
  const std::string path = view_.keys().generation();
  auto opened = co_await run_blocking(
      context_.pool, [&] { return fleet::open(fleet_keys_, path, certificate_.account_id(), published); });
  if (!opened) {
    announcer_.refused(path, revision, opened.error());
    unable_ = {revision, published.header.certificate.fingerprint, opened.error().message};
    co_return std::nullopt;
  }
  auto adopted = co_await renewal_.adopt(std::string(kHolder), std::move(opened->answer), std::move(opened->identity),
                                         published.header.certificate.fingerprint);
  if (!adopted) {
    unable_ = {revision, published.header.certificate.fingerprint, adopted.error().message};
    if (adopted.error().kind != ErrorKind::bad_answer) {
      unable_.until = context_.clock.now() + kRetryAdoption;
    } else if (adopted.error().reason == RejectionReason::not_yet_valid) {
      unable_.until = published.header.certificate.not_before;
    }
    co_return tl::unexpected(std::move(adopted.error()));
  }
  answer_ = state::record_of(*adopted);
  fleet::LocalRecord local = local_;
  local.fingerprint = answer_->fingerprint;
  local.generation = published.header.generation;
  CO_TRY(remember(std::move(local)));
  has_adopted_ = true;
  announcer_.adopted(published.header);
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::publish() {
  const std::string path = view_.keys().generation();
  auto shared = co_await renewal_.share();
  if (!shared) {
    if (last_self_->stage == fleet::Self::Stage::none && shared.error().kind == ErrorKind::bad_answer) {
      unpublishable_ = {0, last_self_->installed->fingerprint, shared.error().message};
      context_.log.event(Level::warning, EventName::fleet_published, certificate_.name,
                         "the installed certificate cannot be published: " + shared.error().message);
      co_return std::nullopt;
    }
    co_return tl::unexpected(std::move(shared.error()));
  }
  fleet::Header header{.account = certificate_.account_id(),
                       .generation = std::max(published_generation(), local_.highest) + 1,
                       .key_id = {},
                       .salt = {},
                       .published_by = name_,
                       .claim = claim_.value_or("alone"),
                       .at = context_.clock.now(),
                       .certificate = shared->certificate};
  fleet::Contents contents{std::move(shared->answer), std::move(shared->identity)};
  auto sealed = co_await run_blocking(
      context_.pool, [&] { return fleet::seal(fleet_keys_.front(), path, std::move(header), contents); });
  CO_TRY_LET(const fleet::Published published, std::move(sealed));
  const bool done = co_await view_.commit(fleet::publish(decided_on_, view_.keys(), published));
  if (!done) {
    co_return std::nullopt;
  }
  claim_.reset();
  request_failed_.reset();
  announcer_.published(published.header);
  fleet::LocalRecord local = local_;
  local.fingerprint = published.header.certificate.fingerprint;
  local.generation = published.header.generation;
  CO_TRY(remember(std::move(local)));
  co_return std::nullopt;
}

asio::awaitable<FleetMember::Done> FleetMember::set_aside() {
  CO_TRY(co_await renewal_.drop_answer(std::string(kHolder)));
  answer_.reset();
  co_return std::nullopt;
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
  co_await write_presence(MemberState::alone, std::move(why));
  renewal::Step planned = std::move(situation.planned);
  if (planned.act == renewal::Act::renew) {
    planned.act = renewal::Act::obtain;
  }
  co_return planned;
}

asio::awaitable<void> FleetMember::write_presence(fleet::MemberState state, std::string reason) {
  if (!view_.is_current() || fleet_keys_.empty() || !last_self_) {
    co_return;
  }
  fleet::MemberRecord record{.machine = link_->machine,
                             .process = link_->process,
                             .version = std::string(version()),
                             .key_id = fleet_keys_.front().id(),
                             .state = state,
                             .reason = std::move(reason),
                             .generation = 0,
                             .installed = last_self_->installed,
                             .in_use = last_self_->in_use,
                             .since = context_.clock.now()};
  if (local_.fingerprint == last_self_->installed->fingerprint) {
    record.generation = local_.generation;
  }
  if (record_ && record_->state == state) {
    record.since = record_->since;
  }
  const auto stored = view_.view()->members.find(name_);
  const bool is_stored =
      stored != view_.view()->members.end() && stored->second.value && says_the_same(*stored->second.value, record);
  // Where writing has failed, this finds out whether it is possible again.
  if (is_stored && view_.failed_commits() == 0) {
    record_ = std::move(record);
    co_return;
  }
  if (conflict_) {
    record_ = std::move(record);
    co_return;
  }
  const auto transaction = fleet::write_presence(*view_.view(), view_.keys(), name_, record);
  if (!transaction) {
    conflict_ = true;
    announcer_.conflict(name_);
    wake_();
    co_return;
  }
  if (co_await view_.commit(*transaction)) {
    present_ = true;
  }
  record_ = std::move(record);
}

asio::awaitable<void> FleetMember::read_inputs() {
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
  if (keys) {
    fleet_keys_ = std::move(*keys);
  }
}

// Wakes the supervisor if it would do something else now than what it was told.
void FleetMember::view_changed() {
  const auto unreachable = view_.unreachable_for();
  announcer_.reachable(unreachable, view_.error());
  if (!unreachable) {
    unreachable_since_.reset();
  } else if (!unreachable_since_) {
    unreachable_since_ = context_.clock.now() - std::chrono::duration_cast<TimePoint::duration>(*unreachable);
  }
  if (!busy_ && !alone_ && last_situation_ && goes_alone(*last_situation_)) {
    wake_();
  }
  if (view_.view() == nullptr) {
    return;
  }
  announcer_.saw(*view_.view(), view_.keys());
  const auto mine = view_.view()->members.find(name_);
  const bool is_there = mine != view_.view()->members.end();
  const bool is_ours = is_there && mine->second.value && mine->second.value->process == link_->process;
  const auto& refused = is_there ? mine->second.refused : std::nullopt;
  const bool other_machine =
      is_there && (mine->second.value ? mine->second.value->machine != link_->machine
                                      : refused && refused->refusal == fleet::Refusal::newer_version);
  const bool conflict = is_there && !is_ours && (present_ || other_machine);
  if (conflict) {
    announcer_.conflict(name_);
  } else if (conflict_) {
    announcer_.no_conflict();
  }
  const bool differs = std::exchange(conflict_, conflict) != conflict || (!is_there && present_ && !busy_);
  if (busy_ || !last_self_) {
    if (!last_self_) {
      wake_();  // read for the first time
    }
    return;
  }
  last_self_->conflict = conflict_;
  last_self_->other_key = uses_other_key(*view_.view());
  if (unable_.revision != view_.view()->generation.revision) {
    last_self_->unable.reset();
  }
  const fleet::Step step = fleet::decide(trusted_view(), view_.sightings(), *last_self_, rules_, "", now());
  if (differs || step.act != Act::wait || step.state != last_step_.state || step.at + 1s < last_step_.at) {
    wake_();
  } else {
    seen_();
  }
}

}  // namespace renewd::supervision
