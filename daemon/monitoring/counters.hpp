// What has happened since the daemon began, counted from its events. What is so now comes from the board instead
// (metrics.hpp).
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
  // In seconds; the last one is the default of http.request_timeout.
  static constexpr std::array<double, 9> kBounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

  void observe(double seconds);
  // As many as were at most kBounds[i].
  std::uint64_t up_to(std::size_t i) const { return up_to_.at(i); }
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size()> up_to_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

// Events come from several threads (the log calls its observers one at a time); who reads may be another one.
class Counters final : public EventSink {
 public:
  struct OfCertificate {
    std::uint64_t successes = 0;
    std::map<std::string, std::uint64_t> failures;  // by class
    std::uint64_t rollbacks = 0;
    Histogram requests;
  };
  using SteadyTime = std::chrono::steady_clock::time_point;

  // `steady_now` is for the duration of requests.
  explicit Counters(std::function<SteadyTime()> steady_now = std::chrono::steady_clock::now)
      : steady_now_(std::move(steady_now)) {}

  void write(const Event& event) override;
  // Called after each event that changes something here, on the thread that logged it.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  // Zeros for one that nothing has happened to.
  OfCertificate of(const std::string& certificate) const;
  // How far this host's clock is ahead of the cloud's, by its last answer; nothing before the first.
  std::optional<double> clock_skew_seconds() const;
  bool last_reload_successful() const;

 private:
  bool count(const Event& event);
  bool end_request(const std::string& certificate);

  mutable std::mutex mutex_;
  std::function<SteadyTime()> steady_now_;
  std::function<void()> changed_ = [] {};
  std::map<std::string, OfCertificate> certificates_;
  // Since when the cloud is being asked.
  std::map<std::string, SteadyTime> asking_;
  std::optional<double> clock_skew_;
  bool last_reload_successful_ = true;
};

}  // namespace renewd::monitoring
