// The lines of a log from the beginning of an activation on, wherever they are.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace renewd::gateway {

// Of longer lines only the beginning is looked at.
inline constexpr std::size_t kLogLineLimit = std::size_t{8} * 1024;

// One whole line, without its line break; raw bytes.
using LineSink = std::function<void(std::string_view line)>;

class LogReader {
 public:
  virtual ~LogReader() = default;

  // Hands over the lines that are new, but no more than takes a moment: the event loop waits meanwhile. Returns why
  // there may be more that can be read later; empty when all was read. Errors: gateway.
  virtual Result<std::string> read(const LineSink& sink) = 0;
};

}  // namespace renewd::gateway
