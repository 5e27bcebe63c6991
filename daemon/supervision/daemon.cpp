#include "supervision/daemon.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "configuration/loader.hpp"
#include "core/cancellation.hpp"
#include "core/version.hpp"
#include "gateway/verification.hpp"
#include "report/summary.hpp"
#include "service/event_output.hpp"
#include "service/notifications.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kRenewalsAtOnce = 4;
// Each holds a keystore in memory, and may wait for a gateway that does not answer.
constexpr std::size_t kLooksAtOnce = 100;
// Opening a keystore derives a key, which takes a processor up to a second.
constexpr std::size_t kKeystoreThreads = 2;
// Between two changes of the status that `systemctl status` shows.
constexpr std::chrono::milliseconds kStatusPause{100};

std::string watching(const configuration::Settings& settings) {
  const auto count = settings.certificates.size();
  return fmt::format("watching {} certificate{}", count, count == 1 ? "" : "s");
}

// What root has read before it became the service's user cannot be read again.
void keep_read_ahead(const configuration::Settings& from, configuration::Settings& to) {
  std::map<std::string, Secret> read;
  for_each_secret(from, [&read](const SecretSource& secret, std::string_view) {
    if (secret.kind == SecretSource::Kind::credential && !secret.value.empty()) {
      read.emplace(secret.name, secret.value);
    }
  });
  for_each_secret(to, [&read](SecretSource& secret, std::string_view) {
    const auto known = read.find(secret.name);
    if (secret.kind == SecretSource::Kind::credential && known != read.end()) {
      secret.value = known->second;
    }
  });
}

// The longest step at a gateway. The daemon asks systemd for more time before each.
std::chrono::seconds longest_step(const configuration::Settings& settings) {
  std::chrono::seconds longest{0};
  for (const auto& certificate : settings.certificates) {
    longest = std::max({longest, certificate.gateway.activation_timeout(),
                        gateway::longest_verification(certificate.gateway.verify_timeout)});
  }
  return longest;
}

bool begins_step(EventName name) {
  return name == EventName::keystore_installed || name == EventName::gateway_activated ||
         // The previous keystore may be put back.
         name == EventName::gateway_activation_failed || name == EventName::gateway_verification_failed;
}

}  // namespace

// Asks systemd for time whenever a step at a gateway begins, also while the daemon stops.
class Daemon::AsksForTime final : public EventSink {
 public:
  void expect(std::chrono::seconds step) { seconds_ = step.count(); }

  void write(const Event& event) override {
    if (begins_step(event.name)) {
      service::notify_needs(std::chrono::seconds(seconds_));
    }
  }

 private:
  // Events come from several threads.
  std::atomic<std::chrono::seconds::rep> seconds_{0};
};

Daemon::Watched::Watched(Daemon& daemon, const configuration::CertificateSettings& of, const Watched* previous)
    : settings(daemon.settings_),
      http(daemon.http_),
      certificate(of),
      objects(daemon.loop_.executor(), certificate, settings->http, daemon.filesystem_, *http, daemon.log_,
              daemon.clock_, &daemon.pool_),
      supervisor(daemon.loop_.executor(), objects.context(),
                 {daemon.slots_, daemon.looks_, daemon.board_, daemon.fleet_}, certificate, *settings,
                 settings_changed(daemon, previous),
                 previous == nullptr ? std::nullopt : std::optional(previous->supervisor.inheritance())),
      watching(daemon.unit_watch_.watch(objects.context().gateway.watched_units(),
                                        [this] { supervisor.gateway_changed(); })) {}

TimePoint Daemon::Watched::settings_changed(const Daemon& daemon, const Watched* previous) const {
  if (previous == nullptr) {
    return changed_at(daemon.configuration_).value_or(TimePoint());
  }
  const bool changed = previous->certificate != certificate || previous->settings->http != settings->http;
  return changed ? daemon.clock_.now() : TimePoint();
}

Daemon::Daemon(std::filesystem::path configuration, configuration::Settings settings)
    : configuration_(std::move(configuration)),
      settings_(std::make_shared<const configuration::Settings>(std::move(settings))),
      log_output_(std::make_shared<LogQueue>(service::event_output(settings_->log))),
      log_(log_output_, clock_),
      asks_for_time_(std::make_shared<AsksForTime>()),
      filesystem_(settings_->state_directory),
      loop_(EXIT_SUCCESS),
      http_(std::make_shared<http::HttpsClient>(loop_.executor(), settings_->http)),
      pool_(kKeystoreThreads),
      slots_(loop_.executor(), kRenewalsAtOnce),
      looks_(loop_.executor(), kLooksAtOnce),
      unit_watch_(loop_.executor()),
      monitoring_(loop_.executor(), &pool_, filesystem_, clock_, log_, board_, [this] { return stuck(); }),
      status_pause_(loop_.executor()) {
  log_warnings(filesystem_, log_);
}

Result<void> Daemon::run() {
  if (auto held = hold(settings_->state_directory); !held) {
    if (held.error().kind == ErrorKind::busy) {
      return held;
    }
    // Where no lock can be made at all (a full disk), the daemon does what it can without: each renewal has a lock of
    // its own.
    lock_ = tl::unexpected(std::move(held.error()));
  }
  log_.event(
      lock_ ? Level::info : Level::warning, EventName::daemon_started, "",
      fmt::format("version {}, {}{}", version(), watching(*settings_), lock_ ? "" : "; " + lock_.error().message),
      {{"version", std::string(version())}, {"configuration", configuration_.string()}});
  asks_for_time_->expect(longest_step(*settings_));
  log_.add_observer(asks_for_time_);
  board_.on_change([this] {
    tell_status_soon();
    tell_if_ready();
    monitoring_.changed();
  });
  monitoring_.configure(*settings_);
  loop_.start(monitoring_.write_textfile());
  loop_.start(unit_watch_.run());
  join_fleet();
  watch_what_is_new();
  loop_.on_hangup([this] { reload(); });
  if (const auto interval = service::watchdog_interval()) {
    loop_.start(prove_life(*interval));
  }
  const auto log_stopping = [this](std::string_view message) { log_.event(EventName::daemon_stopping, "", message); };
  loop_.run(
      [&](std::string_view message) {
        service::notify_stopping();
        log_stopping(message);
        monitoring_.close();
      },
      [&](std::string_view message) {
        log_stopping(message);
        log_output_->flush(kCutOffFlush);
      });
  return {};
}

Result<void> Daemon::hold(const std::filesystem::path& state_directory) {
  auto lock = state::lock_for_daemon(filesystem_, state_directory);
  if (!lock) {
    Error& error = lock.error();
    return tl::unexpected(error.kind == ErrorKind::busy
                              ? with_context("another daemon works in this state directory", std::move(error))
                              : std::move(error));
  }
  lock_ = std::move(lock);
  return {};
}

const configuration::CertificateSettings* Daemon::settings_of(const std::string& name) const {
  const auto found = std::find_if(settings_->certificates.begin(), settings_->certificates.end(),
                                  [&name](const auto& certificate) { return certificate.name == name; });
  return found == settings_->certificates.end() ? nullptr : &*found;
}

void Daemon::join_fleet() {
  const auto& wanted = settings_->fleet.etcd;
  if (fleet_ && wanted && fleet_->settings == *wanted) {
    return;
  }
  // Supervisors that still work with the previous link keep its lease.
  fleet_.reset();
  if (wanted) {
    const auto etcd = std::make_shared<fleet::EtcdStore>(loop_.executor(), *wanted, fleet_host(*wanted));
    fleet_ = make_link(*wanted, etcd, filesystem_, process_);
    loop_.start(etcd->keep_lease());
  }
}

void Daemon::watch_what_is_new() {
  for (const auto& certificate : settings_->certificates) {
    if (watched_.try_emplace(certificate.name).second) {
      loop_.start(watch(certificate.name));
    }
  }
}

asio::awaitable<void> Daemon::watch(std::string name) {
  bool stopping = false;
  while (!stopping && settings_of(name) != nullptr) {
    watched_[name] = std::make_unique<Watched>(*this, *settings_of(name), watched_[name].get());
    co_await watched_[name]->supervisor.run();
    stopping = co_await stop_requested();
  }
  watched_.erase(name);
  if (!stopping) {
    board_.remove(name);
  }
}

void Daemon::reload() {
  service::notify_reloading();
  auto settings = configuration::load(configuration_);
  if (settings) {
    keep_read_ahead(*settings_, *settings);
  }
  Result<void> moved;
  if (settings && settings->state_directory != settings_->state_directory) {
    moved = filesystem_.own(settings->state_directory).and_then([&] { return hold(settings->state_directory); });
  }
  configuration_refused_ = !settings || !moved;
  if (settings && !moved) {
    log_.event(EventName::config_rejected, "", "the previous configuration stays in effect: " + moved.error().message,
               {{"configuration", configuration_.string()}});
  } else if (settings) {
    settings_ = std::make_shared<const configuration::Settings>(std::move(*settings));
    http_ = std::make_shared<http::HttpsClient>(loop_.executor(), settings_->http);
    asks_for_time_->expect(longest_step(*settings_));
    board_.configuration_is_in_effect();
    log_output_->set_output(service::event_output(settings_->log));
    log_.event(EventName::config_reloaded, "", watching(*settings_), {{"configuration", configuration_.string()}});
    const auto before = fleet_;
    join_fleet();
    const bool is_other_member =
        before && (!fleet_ || fleet_->host != before->host || fleet_->settings.prefix != before->settings.prefix);
    for (const auto& [name, watched] : watched_) {
      if (watched) {
        const auto* const next = settings_of(name);
        watched->supervisor.retire(is_other_member || next == nullptr ||
                                   next->account_id() != watched->certificate.account_id());
      }
    }
    watch_what_is_new();
    monitoring_.configure(*settings_);
  } else {
    for (const auto& diagnostic : settings.error()) {
      log_.event(EventName::config_rejected, "",
                 "the previous configuration stays in effect: " + diagnostic.text(configuration_),
                 {{"configuration", configuration_.string()}});
    }
  }
  tell_status();
  service::notify_ready();
}

// Pings the watchdog only while the event loop runs and every supervisor makes progress.
asio::awaitable<void> Daemon::prove_life(std::chrono::microseconds interval) {
  asio::steady_timer timer(loop_.executor());
  while (true) {
    if (stuck().empty()) {
      service::notify_alive();
    }
    timer.expires_after(interval / 3);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const bool stopping = co_await stop_requested();
    if (stopping) {
      co_return;
    }
  }
}

std::vector<std::string> Daemon::stuck() const {
  std::vector<std::string> names;
  for (const auto& [name, watched] : watched_) {
    if (watched && watched->supervisor.is_stuck()) {
      names.push_back(name);
    }
  }
  return names;
}

void Daemon::tell_status() {
  status_pause_.cancel();
  status_changed_ = false;
  service::notify_status(
      (configuration_refused_ ? "the configuration was refused, the previous one stays in effect; " : "") +
      report::summary(board_.standings(), clock_.now()));
}

void Daemon::tell_status_soon() {
  if (std::exchange(status_changed_, true)) {
    return;
  }
  status_pause_.expires_after(kStatusPause);
  status_pause_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      tell_status();
    }
  });
}

void Daemon::tell_if_ready() {
  const auto& standings = board_.standings();
  // Called after each check: the sizes are compared first, since they are cheap.
  const bool all_seen =
      !ready_ && standings.size() >= settings_->certificates.size() &&
      std::all_of(settings_->certificates.begin(), settings_->certificates.end(),
                  [&standings](const auto& certificate) { return standings.contains(certificate.name); });
  if (all_seen) {
    ready_ = true;
    tell_status();
    service::notify_ready();
  }
}

}  // namespace renewd::supervision
