#include "monitoring/counters.hpp"

#include <algorithm>
#include <utility>

namespace renewd::monitoring {
namespace {

template <typename T>
std::optional<T> field(const Event& event, std::string_view name) {
  const auto found = std::find_if(event.fields.begin(), event.fields.end(),
                                  [name](const auto& candidate) { return candidate.first == name; });
  const T* const value = found == event.fields.end() ? nullptr : std::get_if<T>(&found->second);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

}  // namespace

void Histogram::observe(double seconds) {
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    up_to_.at(i) += seconds <= kBounds.at(i) ? 1U : 0U;
  }
  ++count_;
  sum_ += seconds;
}

void Counters::write(const Event& event) {
  if (count(event)) {
    changed_();
  }
}

Counters::CertificateCounts Counters::of(const std::string& certificate) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = certificates_.find(certificate);
  return found == certificates_.end() ? CertificateCounts() : found->second;
}

std::optional<double> Counters::clock_skew_seconds() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return clock_skew_;
}

bool Counters::last_reload_successful() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return last_reload_successful_;
}

// Returns whether a counter has changed.
bool Counters::count(const Event& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string certificate(event.certificate);
  // No switch, because most events change nothing.
  if (event.name == EventName::config_reloaded || event.name == EventName::config_rejected) {
    last_reload_successful_ = event.name == EventName::config_reloaded;
    return true;
  }
  if (event.name == EventName::clock_skewed) {
    const auto skew = field<std::int64_t>(event, "skew_seconds");
    clock_skew_ = skew ? std::optional(static_cast<double>(*skew)) : clock_skew_;
    return true;
  }
  if (event.name == EventName::clock_changed) {
    // Measured by the clock from before.
    return std::exchange(clock_skew_, std::nullopt).has_value();
  }
  if (event.name == EventName::renewal_requested) {
    requested_at_[certificate] = steady_now_();
    return false;
  }
  if (event.name == EventName::renewal_answered) {
    return end_request(certificate);
  }
  if (event.name == EventName::renewal_completed) {
    ++certificates_[certificate].successes;
    return true;
  }
  if (event.name == EventName::renewal_failed) {
    end_request(certificate);
    ++certificates_[certificate].failures[field<std::string>(event, "class").value_or("")];
    return true;
  }
  if (event.name == EventName::renewal_rolled_back) {
    ++certificates_[certificate].rollbacks;
    return true;
  }
  return false;
}

// A request without a response ends when the renewal fails, with no event between the two.
bool Counters::end_request(const std::string& certificate) {
  const auto request = requested_at_.find(certificate);
  if (request == requested_at_.end()) {
    return false;
  }
  certificates_[certificate].requests.observe(std::chrono::duration<double>(steady_now_() - request->second).count());
  requested_at_.erase(request);
  return true;
}

}  // namespace renewd::monitoring
