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
  // `redacted`: what no line may repeat.
  explicit OutputLines(OutputLine sink, Redaction redacted = {})
      : sink_(std::move(sink)), redacted_(std::move(redacted)) {}

  void add(std::string_view bytes);
  // Delivers a last line without line break, and how many were not delivered.
  void finish();
  // The last line that was not blank, delivered or not.
  std::string last() const { return shown(last_); }

 private:
  void deliver(std::string_view line);
  std::string shown(std::string_view line) const;

  OutputLine sink_;
  Redaction redacted_;
  std::string partial_;
  std::string last_;  // as it came
  std::size_t lines_ = 0;
};

}  // namespace renewd::gateway
