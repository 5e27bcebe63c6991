#include "simulation/world.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/time_zone.hpp"
#include "simulation/host.hpp"

namespace renewd::testing {
namespace {

using namespace std::chrono_literals;
using fleet::CertificateRecord;
using std::chrono::days;

constexpr TimePoint kStart{std::chrono::seconds(1'800'000'000)};
constexpr auto kCallTimeout = 10s;
constexpr auto kRequestTimeout = 60s;
constexpr auto kLifetime = days(90);
// After the last fault, everybody has so long to settle.
constexpr auto kSettling = days(4);
constexpr auto kQuiet = 6h;

configuration::MaintenanceWindow draw_window(Random& random) {
  static const TimeZone kUtc = TimeZone::find("UTC").value();
  configuration::MaintenanceWindow window;
  window.from = 15min * random.between(std::int64_t{0}, 95);
  window.to = (window.from + 15min * random.between(std::int64_t{4}, 24)) % 24h;
  window.timezone = kUtc;
  return window;
}

}  // namespace

World::World(std::uint64_t seed, bool trace) : random(seed), tracing_(trace), start_(kStart), now_(kStart) {
  peaceful_ = random.chance(0.1);
  calm_from_ = peaceful_ ? start_ : start_ + random.spread(1h, days(4));
  end_ = calm_from_ + kSettling;
  set_up();
}

World::~World() = default;

void World::at(TimePoint time, std::function<void()> happens) {
  events_.emplace(std::max(time, now_), std::move(happens));
}

void World::trace(const std::string& who, const std::string& what) const {
  if (tracing_) {
    std::cout << fmt::format(
        "{} {:>7.3f} r{:<4} {:<6} {}\n", format_time(now_),
        std::chrono::duration<double>(now_ - std::chrono::floor<std::chrono::minutes>(now_)).count(), etcd.revision(),
        who, what);
  }
}

void World::set_up() {
  rules.restart_at_once = static_cast<unsigned>(random.between(std::int64_t{1}, std::int64_t{3}));
  rules.alone_after = random.chance(0.2) ? 0s : std::chrono::seconds(days(3));
  history.restart_at_once = rules.restart_at_once;
  backdated_ = random.chance(0.7) ? Span(1h) : Span(0s);
  configuration::CertificateSettings certificate;
  certificate.name = "p";
  revokes_ = random.chance(0.5);
  const bool alike = revokes_ || random.chance(0.5);  // otherwise those of some are revoked already
  // Sometimes there are only days left: then hosts may go alone.
  const Span left = random.chance(0.25) ? random.between(days(3), days(6)) : random.between(days(29), days(31));
  const auto spread = random.chance(0.5) ? 24h : 1h;
  const bool have_windows = random.chance(0.3);
  const auto count = random.between(std::int64_t{3}, std::int64_t{8});
  const auto certificate_until = [this](TimePoint not_after) {
    ++issued_;
    const auto until = std::chrono::floor<std::chrono::seconds>(not_after);
    return CertificateRecord{std::to_string(issued_), fmt::format("{:04X}", issued_), until - kLifetime, until};
  };
  const CertificateRecord shared = certificate_until(start_ + left);
  for (std::int64_t i = 0; i < count; ++i) {
    const CertificateRecord own =
        alike ? shared : certificate_until(start_ + left + random.between(Span(-6h), Span(6h)));
    const std::string name(1, static_cast<char>('a' + i));
    HostSetup setup{.name = name, .machine = "machine " + name, .installed = own, .certificate = certificate};
    setup.skew = peaceful_ || random.chance(0.5) ? Span(0) : random.between(Span(-1h), Span(1h));
    setup.offset = std::chrono::floor<std::chrono::seconds>(random.between(Span(0), Span(spread)));
    if (have_windows && random.chance(0.5)) {
      setup.certificate.activate_windows.push_back(draw_window(random));
    }
    if (have_windows && random.chance(0.3)) {
      setup.certificate.renew_windows.push_back(draw_window(random));
    }
    hosts_.push_back(std::make_unique<Host>(*this, std::move(setup)));
    if (i == 0 && !peaceful_ && random.chance(0.15)) {
      HostSetup twin{.name = name, .machine = "machine " + name, .installed = own, .certificate = certificate};
      if (random.chance(0.5)) {
        twin.machine = "another machine";
      }
      hosts_.push_back(std::make_unique<Host>(*this, std::move(twin)));
    }
  }
  etcd.on_change([this] { watch_etcd(); });
  for (auto& host : hosts_) {
    at(start_ + random.between(Span(0), Span(10min)), [&host = *host] { host.start(); });
  }
  plan_troubles();
}

void World::watch_etcd() {
  for (; seen_events_ < etcd.events().size(); ++seen_events_) {
    const auto& event = etcd.events()[seen_events_];
    history.revisions.push_back({now_, event.changes, event.restored});
    if (std::ranges::any_of(event.changes.puts, [this](const auto& put) { return put.key == keys.generation(); })) {
      expect_recovery();
    }
  }
  for (auto& host : hosts_) {
    host->etcd_changed();
  }
}

void World::plan_troubles() {
  constexpr std::size_t kKinds = 12;
  const auto count = peaceful_ ? 0 : random.between(std::int64_t{0}, std::int64_t{40});
  for (std::int64_t i = 0; i < count; ++i) {
    const TimePoint when = start_ + random.spread(1s, calm_from_ - start_);
    at(when, [this] {
      if (in_trouble()) {
        trouble(random.bits() % kKinds);
      }
    });
  }
  at(calm_from_, [this] {
    trace("", "the last fault is over");
    cloud_trouble_.reset();
    for (auto& host : hosts_) {
      if (!peaceful_) {
        host->calm_down();
      }
    }
    // Or nobody notices.
    if (hosts_.size() > 1 && is_twin(*hosts_[1]) && random.chance(0.5)) {
      hosts_[1]->rename("z");
    }
  });
  // A bad certificate halts the roll-out at each host that tries it: an operator looks at it again and again.
  for (TimePoint when = calm_from_ + 1h; when < end_ - 24h; when += 6h) {
    at(when, [this] { operate(); });
  }
}

void World::trouble(std::size_t kind) {
  Host& host = *hosts_[random.bits() % hosts_.size()];
  switch (kind) {
    case 0:
    case 1:
      return host.crash(random.spread(1s, 12h));
    case 2:
      return host.freeze(random.spread(1s, 2h));
    case 3:
    case 4:
      return host.cut_off(random.spread(1s, days(2)));
    case 5:
      return host.set_clock(random.between(Span(-1h), Span(1h)));
    case 6:
      trace(host.member(), "its lease expires");
      return host.lose_lease();
    case 7:
      trace("", "the watches are dropped, and the history is compacted");
      etcd.compact(etcd.revision());
      for (auto& one : hosts_) {
        one->drop_watch();
      }
      return;
    case 8:
      cloud_trouble_ = random.pick(std::array{ErrorKind::server_error, ErrorKind::timeout, ErrorKind::rate_limited});
      trace("", "the cloud is in trouble");
      return at(now_ + random.spread(1min, 12h), [this] { cloud_trouble_.reset(); });
    case 9:
      if (backup_ && random.chance(0.3)) {
        trace("", "etcd is restored from a backup");
        for (auto& one : hosts_) {
          history.drops.push_back({now_, one->member()});
          one->drop_watch();
        }
        etcd.restore(*std::exchange(backup_, std::nullopt));
        for (const auto& [lease, alive] : etcd.leases()) {
          const bool is_kept = std::ranges::any_of(hosts_, [lease](const auto& one) { return one->keeps(lease); });
          if (!is_kept) {
            at(now_ + 1min, [this, lease] { etcd.expire(lease); });
          }
        }
      } else {
        backup_ = etcd.backup();
      }
      return;
    case 10:
      host.lose_key(true);
      return at(now_ + random.spread(1min, 12h), [&host] { host.lose_key(false); });
    default:
      if (random.chance(0.5)) {
        operate();
      } else {
        const fleet::View view = fleet::view_of(etcd.read(keys.base()), keys);
        trace("", "an operator halts the roll-out");
        (void)commit(nullptr,
                     fleet::write_rollout(view, keys,
                                          fleet::halted(fleet::current_rollout(view),
                                                        {fleet::HaltReason::by_operator, host.member(), now_})),
                     0);
        at(now_ + random.spread(1min, 12h), [this] { operate(); });
      }
  }
}

// `fleet resume`.
void World::operate() {
  const fleet::View view = fleet::view_of(etcd.read(keys.base()), keys);
  if (!view.rollout.value || !view.rollout.value->halt) {
    return;
  }
  trace("", "an operator resumes the roll-out");
  (void)commit(nullptr, fleet::write_rollout(view, keys, fleet::resumed(fleet::current_rollout(view), view)), 0);
}

void World::call_etcd(Host& host, std::function<void()> at_etcd, std::function<void(bool)> then) {
  history.idle_calls.push_back({now_, host.member()});
  const auto give_up = [&] { at(now_ + kCallTimeout, [then] { then(false); }); };
  const Span arrives = mishap(0.05) ? random.between(Span(0), Span(6s)) : random.between(1ms, 40ms);
  const Span returns = mishap(0.05) ? random.between(Span(0), Span(3s)) : random.between(1ms, 40ms);
  if (host.is_cut_off() || mishap(0.02)) {
    return give_up();
  }
  if (mishap(0.02)) {
    at(now_ + arrives, at_etcd);
    return give_up();
  }
  if (mishap(0.02)) {
    at(now_ + random.spread(kCallTimeout, 2min), at_etcd);
    return give_up();
  }
  const TimePoint gives_up = now_ + kCallTimeout;
  at(now_ + arrives, [this, &host, at_etcd = std::move(at_etcd), then = std::move(then), returns, gives_up] {
    if (!host.is_cut_off()) {
      at_etcd();
    }
    if (host.is_cut_off()) {
      return at(gives_up, [then] { then(false); });
    }
    at(now_ + returns, [then] { then(true); });
  });
}

std::optional<fleet::Committed> World::commit(const Host* host, const fleet::Transaction& transaction, Lease lease) {
  const auto changes = [&transaction](const std::string& key) {
    return std::ranges::any_of(transaction.put, [&key](const fleet::Transaction::Put& put) { return put.key == key; });
  };
  const bool changes_rollout = changes(keys.rollout());
  if (!changes_rollout && !changes(keys.renewal())) {
    return etcd.commit(transaction, lease);
  }
  // Members are not of interest here.
  const auto registers = [this] {
    fleet::Snapshot snapshot{.revision = etcd.revision(), .values = {}};
    for (const std::string& key : {keys.renewal(), keys.rollout()}) {
      std::ranges::move(etcd.read(key).values, std::back_inserter(snapshot.values));
    }
    return fleet::view_of(snapshot, keys);
  };
  const fleet::View before = registers();
  // What the rules allow near the end of a certificate, before the auditor sees it.
  if (changes_rollout && host != nullptr && host->expires_soon()) {
    history.overrides.push_back({now_, host->member()});
  }
  auto committed = etcd.commit(transaction, lease);
  if (committed->succeeded) {
    const fleet::View after = registers();
    look_at_claim(host, before.renewal.value.value_or(fleet::RenewalRecord()),
                  after.renewal.value.value_or(fleet::RenewalRecord()));
    look_at_rollout(host, before.rollout.value.value_or(fleet::Rollout()),
                    after.rollout.value.value_or(fleet::Rollout()));
  }
  return committed;
}

void World::request_certificate(Host& host, const std::string& claim,
                                std::function<void(Result<CertificateRecord>)> then) {
  history.posts.push_back({now_, host.member(), claim});
  const Span arrives = random.between(10ms, 500ms);
  const bool is_slow = mishap(0.1);
  const Span returns = is_slow ? random.between(30s, 90s) : random.between(200ms, 5s);
  const auto trouble = cloud_trouble_;
  if (trouble && *trouble != ErrorKind::timeout) {
    return at(now_ + arrives + returns, [then, trouble] { then(failure(*trouble, "the cloud is in trouble")); });
  }
  at(now_ + arrives, [this, then, arrives, returns, trouble] {
    ++issued_;
    const auto from = std::chrono::floor<std::chrono::seconds>(now_ - backdated_);
    const CertificateRecord certificate{std::to_string(issued_), fmt::format("{:04X}", issued_), from,
                                        from + kLifetime};
    if (mishap(0.05)) {
      bad_.insert(certificate.fingerprint);
    }
    by_cloud_.push_back({certificate});
    trace("", fmt::format("the cloud issues {}{}", certificate.serial,
                          bad_.contains(certificate.fingerprint) ? ", with which no gateway runs" : ""));
    if (arrives + returns > kRequestTimeout || trouble) {
      return at(now_ + kRequestTimeout - arrives, [then] { then(failure(ErrorKind::timeout, "no response")); });
    }
    at(now_ + returns, [then, certificate] { then(certificate); });
  });
}

void World::stored(const CertificateRecord& certificate) {
  for (auto& issued : by_cloud_) {
    issued.is_stored = issued.is_stored || issued.certificate == certificate;
  }
}

bool World::runs(const fleet::MemberName& /*member*/, const CertificateRecord& certificate) {
  return !bad_.contains(certificate.fingerprint) && !mishap(0.05);
}

std::vector<Violation> World::run() {
  history.idle_from = end_ - kQuiet;
  history.idle_until = end_;
  std::size_t count = 0;
  while (!events_.empty() && events_.begin()->first <= end_) {
    const auto event = events_.extract(events_.begin());
    now_ = event.key();
    event.mapped()();
    if (++count > 100'000) {
      return {{8, "the simulation does not come to an end"}};
    }
  }
  finish();
  auto violations = audit(history);
  violations.insert(violations.end(), others_.begin(), others_.end());
  return violations;
}

bool World::is_twin(const Host& host) const {
  return std::ranges::any_of(
      hosts_, [&host](const auto& other) { return other.get() != &host && other->member() == host.member(); });
}

std::string World::gateway_of(const Host& host) const {
  const auto place = std::ranges::find(hosts_, &host, &std::unique_ptr<Host>::get);
  return fmt::format("gateway {}", place - hosts_.begin());
}

}  // namespace renewd::testing
