// Splits a child's output into lines as it arrives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/gateway.hpp"

namespace renewd::gateway {

// Longer lines are delivered in pieces, so that a child cannot fill our memory.
inline constexpr std::size_t kLineLimit = 4096;
// Further lines are only counted, so that a child cannot fill the log.
inline constexpr std::size_t kLinesDelivered = 1000;

class OutputLines {
 public:
  // `redacted` hides secrets in every line.
  explicit OutputLines(OutputLine sink, Redaction redacted = {})
      : sink_(std::move(sink)), redacted_(std::move(redacted)) {}

  void add(std::string_view bytes);
  // Delivers a last line without line break, and the number of lines that were not delivered.
  void finish();
  // The last line that was not blank, even if it was only counted.
  std::string last() const { return shown(last_); }

 private:
  void deliver(std::string_view line);
  std::string shown(std::string_view line) const;

  OutputLine sink_;
  Redaction redacted_;
  std::string partial_;
  std::string last_;  // raw
  std::size_t lines_ = 0;
};

}  // namespace renewd::gateway
