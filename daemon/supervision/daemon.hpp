// The daemon: one supervisor for each configured certificate, reloads, and notifications to systemd.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "configuration/settings.hpp"
#include "core/clock.hpp"
#include "core/event_log.hpp"
#include "core/filesystem.hpp"
#include "core/log_queue.hpp"
#include "core/slots.hpp"
#include "fleet/etcd_store.hpp"
#include "gateway/unit_watch.hpp"
#include "http/https_client.hpp"
#include "monitoring/monitoring.hpp"
#include "report/status_board.hpp"
#include "state/lock.hpp"
#include "supervision/event_loop.hpp"
#include "supervision/supervisor.hpp"
#include "supervision/wiring.hpp"

namespace renewd::supervision {

class Daemon {
 public:
  Daemon(std::filesystem::path configuration, configuration::Settings settings);

  // Until SIGTERM or SIGINT. Error, of kind busy: another daemon works in the same state directory.
  Result<void> run();

 private:
  class AsksForTime;
  // One certificate with the settings that its supervisor began with; a reload makes another.
  struct Watched {
    // `certificate` is one of the daemon's settings.
    Watched(Daemon& daemon, const configuration::CertificateSettings& certificate, const Watched* previous);
    // When the settings that decide over this certificate's renewals changed: with the file, or with a reload of it.
    TimePoint settings_changed(const Daemon& daemon, const Watched* previous) const;

    // Shared by all that began with the same configuration, and not copied.
    std::shared_ptr<const configuration::Settings> settings;
    std::shared_ptr<http::HttpsClient> http;
    const configuration::CertificateSettings& certificate;
    CertificateObjects objects;
    Supervisor supervisor;
    gateway::UnitWatch::Watching watching;
  };

  const configuration::CertificateSettings* settings_of(const std::string& name) const;
  // The lock that says that a daemon runs. When a new one cannot be taken, the previous one stays.
  Result<void> hold(const std::filesystem::path& state_directory);
  void watch_what_is_new();
  // Connects to etcd, or no longer, as the settings say; not again if they are the same.
  void join_fleet();
  // A certificate's life, from one configuration to the next.
  boost::asio::awaitable<void> watch(std::string name);
  void reload();
  boost::asio::awaitable<void> prove_life(std::chrono::microseconds interval);
  void tell_status();
  // The same soon, once for many changes: it takes time in proportion to the number of certificates.
  void tell_status_soon();
  // Once every certificate has been looked at.
  void tell_if_ready();
  // The certificates whose supervisors are stuck.
  std::vector<std::string> stuck() const;

  std::filesystem::path configuration_;
  std::shared_ptr<const configuration::Settings> settings_;  // never null
  SystemClock clock_;
  std::shared_ptr<LogQueue> log_output_;
  EventLog log_;
  std::shared_ptr<AsksForTime> asks_for_time_;
  PosixFilesystem filesystem_;
  Result<state::Lock> lock_ = failure(ErrorKind::busy, "not taken yet");
  EventLoop loop_;
  std::shared_ptr<http::HttpsClient> http_;  // never null
  boost::asio::thread_pool pool_;
  Slots slots_;
  Slots looks_;
  report::StatusBoard board_;
  const std::string process_ = new_id();    // the same after a reload
  std::shared_ptr<const FleetLink> fleet_;  // null: without a fleet
  gateway::UnitWatch unit_watch_;
  monitoring::Monitoring monitoring_;
  std::map<std::string, std::unique_ptr<Watched>> watched_;
  boost::asio::steady_timer status_pause_;
  bool status_changed_ = false;
  bool ready_ = false;
  bool configuration_refused_ = false;  // at the last reload
};

}  // namespace renewd::supervision
