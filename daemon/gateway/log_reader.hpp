// Reads the lines that a log has received since an activation began.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::gateway {

// Longer lines are truncated.
inline constexpr std::size_t kLogLineLimit = std::size_t{8} * 1024;

// One whole line, without its line break; raw bytes.
using LineSink = std::function<void(std::string_view line)>;

class LogReader {
 public:
  virtual ~LogReader() = default;

  // Passes new lines on, a limited number at a time because it blocks the event loop. Returns why there may be more to
  // read later; empty if everything was read. Error kind: gateway.
  virtual Result<std::string> read(const LineSink& sink) = 0;
};

}  // namespace renewd::gateway
