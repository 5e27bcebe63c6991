#include "supervision/published_status.hpp"

#include <utility>

#include "core/blocking.hpp"
#include "renewal/renewal.hpp"
#include "state/generations.hpp"
#include "state/history.hpp"
#include "state/lock.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kHealthTimeout{10};

}  // namespace

namespace {

// The counts change with each step of another host; they are stored with the next check.
bool says_more_than_counts(std::optional<state::FleetStatus> before, std::optional<state::FleetStatus> after) {
  for (auto* const fleet : {&before, &after}) {
    if (*fleet) {
      (*fleet)->hosts = 0;
      (*fleet)->hosts_in_use_of_newest = 0;
      (*fleet)->sentence.clear();
    }
  }
  return before != after;
}

}  // namespace

PublishedStatus::PublishedStatus(const renewal::RenewalContext& context,
                                 const configuration::CertificateSettings& certificate,
                                 const configuration::Settings& settings, const renewal::Schedule& schedule,
                                 report::StatusBoard& board)
    : context_(context),
      certificate_(certificate),
      settings_(settings),
      schedule_(schedule),
      board_(board),
      observations_(context.filesystem, {settings.state_directory, certificate.name}),
      observed_(observations_.load()) {}

asio::awaitable<Result<keystore::InstalledKeystore>> PublishedStatus::read() {
  std::optional<report::CertificateStatus> status;
  auto installed = co_await run_blocking(context_.pool, [this, &status] {
    auto opened = context_.keystore.read();
    status = report::read_status(context_.filesystem, context_.keystore, opened, certificate_,
                                 settings_.state_directory, context_.clock.now(), report::Reader::daemon);
    status->ca_file_problem = report::ca_file_problem(context_.filesystem, settings_.http);
    status->configuration_problem = report::configuration_problem(modified_at(settings_.file), settings_.modified);
    return opened;
  });
  const bool is_news = co_await examine_gateway(*status);
  if (status_) {
    status->fleet_failures = std::move(status_->fleet_failures);
  }
  status->fleet = fleet_;
  status_ = std::move(status);
  co_await run_blocking(context_.pool, [&] {
    if (installed && status_->installed_is_in_use() && (is_news || !kept_)) {
      keep_in_use(*installed, is_news);
    }
    store_observation();
  });
  co_return installed;
}

asio::awaitable<void> PublishedStatus::look_at_gateway() {
  if (!status_) {
    co_return;
  }
  report::CertificateStatus status = *status_;
  const bool is_news = co_await examine_gateway(status);
  status_ = std::move(status);
  if (is_news) {
    (void)co_await read();  // which records it
    co_return;
  }
  co_await run_blocking(context_.pool, [this] { store_observation(); });
}

asio::awaitable<void> PublishedStatus::look_at_fleet(std::optional<state::FleetStatus> fleet,
                                                     std::map<std::string, std::uint64_t> failed_calls) {
  const bool is_news = says_more_than_counts(fleet_, fleet);
  fleet_ = std::move(fleet);
  if (status_) {
    status_->fleet = fleet_;
    status_->fleet_failures = std::move(failed_calls);
  }
  if (status_ && is_news) {
    co_await run_blocking(context_.pool, [this] { store_observation(); });
  }
}

// True if the gateway has started with the installed keystore, and the record of what is in use must follow.
asio::awaitable<bool> PublishedStatus::examine_gateway(report::CertificateStatus& status) {
  auto found = co_await gateway::examine(context_.gateway, kHealthTimeout, certificate_.renew);
  co_return report::add_examination(status, context_.keystore, std::move(found));
}

// Best effort: it is found again at the next check. Stores the keystore, too, which an earlier version did not when it
// had installed it: once it is overwritten, nobody else may have it.
void PublishedStatus::keep_in_use(const keystore::InstalledKeystore& installed, bool is_news) {
  const state::StatePaths paths(settings_.state_directory, certificate_.name);
  const auto lock = state::Lock::acquire(context_.filesystem, paths.lock(), renewal::kCheckingHolder);
  if (!lock || state::Journal(context_.filesystem, paths).peek()) {
    return;
  }
  const auto record = state::record_of(installed.keystore.certificate);
  if (is_news) {
    (void)state::History(context_.filesystem, paths).record_in_use(record);
  }
  kept_ = state::keep(context_.filesystem, paths, installed.bytes, record).has_value();
}

void PublishedStatus::store_observation() {
  state::Observation now = report::observation_of(*status_, certificate_);
  now.configuration = settings_.modified;
  if (now.health && observed_.health) {
    now.health = observed_.health;  // the text may differ each time, and would be written each time
  }
  problems_are_gone_ = problems_are_gone_ || (observed_.prevents_renewal() && !now.prevents_renewal());
  observed_ = now;
  saved(observations_.save(now));
}

void PublishedStatus::saved(const Result<void>& saved) {
  if (!saved && status_ && !status_->state_problem) {
    status_->state_problem = problem_of(saved.error());
  }
}

// Without a signal of systemd: by its health check, or by staying up after a crash. The start of a stopped one is
// signalled.
bool PublishedStatus::gateway_may_recover() const {
  const auto* const gateway = status_ && status_->gateway ? &*status_->gateway : nullptr;
  return gateway != nullptr && gateway->health != gateway::Health::up && gateway->health != gateway::Health::stopped;
}

bool PublishedStatus::in_trouble() const {
  return observed_.prevents_renewal() || gateway_may_recover() || (status_ && status_->state_problem) ||
         schedule_.attempts().failures_in_a_row > 0;
}

void PublishedStatus::installed(const renewal::Record& record, const certificate::Certificate& certificate) {
  if (!status_->in_use && !status_->replaced) {
    status_->replaced =
        state::certificate_of(state::Generations(context_.filesystem, {settings_.state_directory, certificate_.name}),
                              record.previous_generation);
  }
  status_->outlook = report::Outlook{certificate};
  status_->unfinished = record;
  status_->longer_lasting.reset();
  publish();
}

void PublishedStatus::publish() {
  if (status_) {
    status_->attempts = schedule_.attempts();
    report::plan(*status_, certificate_, settings_.schedule, schedule_.offset(), context_.clock.now());
    board_.publish(*status_);
  }
}

}  // namespace renewd::supervision
