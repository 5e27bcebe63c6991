// Counts the daemon's events since its start. The current state is on the board instead (metrics.hpp).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/event_log.hpp"

namespace renewd::monitoring {

class Histogram {
 public:
  // In seconds, up to the default of http.request_timeout.
  static constexpr std::array<double, 9> kBounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

  void observe(double seconds);
  // The number of observations of at most kBounds[i].
  std::uint64_t up_to(std::size_t i) const { return up_to_.at(i); }
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size()> up_to_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

// Thread-safe: events come from several threads, and the event loop reads.
class Counters final : public EventSink {
 public:
  struct CertificateCounts {
    std::uint64_t successes = 0;
    std::map<std::string, std::uint64_t> failures;  // by class
    std::uint64_t rollbacks = 0;
    Histogram requests;
  };
  using SteadyTime = std::chrono::steady_clock::time_point;

  // `steady_now` measures the duration of requests.
  explicit Counters(std::function<SteadyTime()> steady_now = std::chrono::steady_clock::now)
      : steady_now_(std::move(steady_now)) {}

  void write(const Event& event) override;
  // Calls `changed` after each event that changes a counter, on the thread that logged it.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  // Zeros for an unknown certificate.
  CertificateCounts of(const std::string& certificate) const;
  // How far this host's clock is ahead of the cloud's, at its last response; nothing before the first.
  std::optional<double> clock_skew_seconds() const;
  bool last_reload_successful() const;

 private:
  bool count(const Event& event);
  bool end_request(const std::string& certificate);

  mutable std::mutex mutex_;
  std::function<SteadyTime()> steady_now_;
  std::function<void()> changed_ = [] {};
  std::map<std::string, CertificateCounts> certificates_;
  // When the requests in progress began.
  std::map<std::string, SteadyTime> requested_at_;
  std::optional<double> clock_skew_;
  bool last_reload_successful_ = true;
};

}  // namespace renewd::monitoring
