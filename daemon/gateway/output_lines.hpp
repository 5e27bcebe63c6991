// A child's output, cut into lines as it comes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/gateway.hpp"

namespace renewd::gateway {

// Longer lines are delivered in pieces: a child that never ends its line must not fill our memory.
inline constexpr std::size_t kLineLimit = 4096;
// What a child prints beyond so many lines is counted, not delivered: nor must it fill the log.
inline constexpr std::size_t kLinesDelivered = 1000;

class OutputLines {
 public:
  explicit OutputLines(OutputLine sink) : sink_(std::move(sink)) {}

  void add(std::string_view bytes);
  // Delivers a last line without line break, and how many were not delivered.
  void finish();
  // The last line that was not blank, delivered or not.
  const std::string& last() const { return last_; }

 private:
  void deliver(std::string_view line);

  OutputLine sink_;
  std::string partial_;
  std::string last_;
  std::size_t lines_ = 0;
};

}  // namespace renewd::gateway
