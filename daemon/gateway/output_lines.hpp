// A child's output, cut into lines as it comes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/gateway.hpp"

namespace renewd::gateway {

// Longer lines are delivered in pieces: a child that never ends its line must not fill our memory.
inline constexpr std::size_t kLineLimit = 4096;

class OutputLines {
 public:
  explicit OutputLines(OutputLine sink) : sink_(std::move(sink)) {}

  void add(std::string_view bytes);
  // Delivers a last line without line break.
  void finish();
  // The last line delivered that was not blank.
  const std::string& last() const { return last_; }

 private:
  void deliver(std::string_view line);

  OutputLine sink_;
  std::string partial_;
  std::string last_;
};

}  // namespace renewd::gateway
