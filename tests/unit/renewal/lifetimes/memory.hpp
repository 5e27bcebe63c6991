// Where a simulated host keeps what must survive a restart: on the disk as the daemon does, or in memory, which is
// quicker and must come to the same.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/filesystem.hpp"
#include "state/retry_state.hpp"
#include "support/catch.hpp"

namespace renewd::testing {

class Memory {
 public:
  virtual ~Memory() = default;
  virtual state::RetryState attempts() const = 0;
  virtual void keep(const state::RetryState& attempts) = 0;
  virtual std::vector<TimePoint> requests(TimePoint now) = 0;
  virtual void add_request(TimePoint now) = 0;
};

// As state::RetryStateStore and state::RequestLog keep it: to the second, and requests of the future as
// made now.
class PlainMemory final : public Memory {
 public:
  state::RetryState attempts() const override { return attempts_; }
  void keep(const state::RetryState& attempts) override {
    attempts_ = attempts;
    attempts_.not_before = second(attempts.not_before);
    attempts_.expiry_announced = second(attempts.expiry_announced);
  }
  std::vector<TimePoint> requests(TimePoint now) override {
    const bool clock_was_set = !requests_.empty() && requests_.back() > now;
    std::vector<TimePoint> recent;
    for (const TimePoint request : requests_) {
      if (request > now - std::chrono::hours(24)) {
        recent.push_back(std::min(request, now));
      }
    }
    if (clock_was_set) {
      save(recent);
    }
    return recent;
  }
  void add_request(TimePoint now) override {
    auto all = requests(now);
    all.push_back(now);
    save(all);
  }

 private:
  static TimePoint second(TimePoint time) { return std::chrono::floor<std::chrono::seconds>(time); }
  void save(const std::vector<TimePoint>& requests) {
    requests_ = requests;
    std::transform(requests_.begin(), requests_.end(), requests_.begin(), second);
  }

  state::RetryState attempts_;
  std::vector<TimePoint> requests_;
};

class DiskMemory final : public Memory {
 public:
  explicit DiskMemory(const std::filesystem::path& directory)
      : store_(filesystem_, state::StatePaths(directory, "production")),
        log_(filesystem_, state::StatePaths(directory, "production")) {}

  state::RetryState attempts() const override { return store_.load(); }
  // Only what changed is written: StoredSchedule::save().
  void keep(const state::RetryState& attempts) override {
    if (store_.load() != attempts) {
      REQUIRE(store_.save(attempts));
    }
  }
  std::vector<TimePoint> requests(TimePoint now) override { return log_.load(now); }
  void add_request(TimePoint now) override { REQUIRE(log_.add(now)); }

 private:
  PosixFilesystem filesystem_;
  state::RetryStateStore store_;
  state::RequestLog log_;
};

}  // namespace renewd::testing
