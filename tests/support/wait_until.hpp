// Waiting for a condition that nothing announces.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace renewd::testing {

// Returns once `satisfied`; throws after a deadline that only a fault reaches.
inline void wait_until(const std::function<bool()>& satisfied,
                       std::chrono::seconds deadline = std::chrono::seconds(180)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!satisfied()) {
    if (std::chrono::steady_clock::now() >= end) {
      throw std::runtime_error("waited " + std::to_string(deadline.count()) + " s, and the condition is still not met");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace renewd::testing
