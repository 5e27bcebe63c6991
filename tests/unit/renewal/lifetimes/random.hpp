// Chance with a seed, the same on every machine: std's distributions are the library's own business.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

#include "core/clock.hpp"

namespace renewd::testing {

using Span = TimePoint::duration;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  // Uniform in [0, 1).
  double fraction() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }
  bool chance(double probability) { return fraction() < probability; }
  // Uniform, to the millisecond: not every moment is a full second.
  Span between(Span least, Span most) {
    using std::chrono::milliseconds;
    const auto span = std::chrono::duration_cast<milliseconds>(most - least).count();
    return least + milliseconds(static_cast<std::int64_t>(static_cast<double>(span) * fraction()));
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }
  // Every order of magnitude is as likely as the others.
  Span spread(Span least, Span most) {
    const double ratio = static_cast<double>(most.count()) / static_cast<double>(least.count());
    return std::chrono::floor<std::chrono::milliseconds>(
        Span(static_cast<Span::rep>(static_cast<double>(least.count()) * std::pow(ratio, fraction()))));
  }
  template <typename T, std::size_t size>
  T pick(const std::array<T, size>& values) {
    return values[engine_() % size];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace renewd::testing
