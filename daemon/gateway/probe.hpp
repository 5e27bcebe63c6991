// A look at the gateway from outside, besides the state of its unit.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "core/clock.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

class Probe {
 public:
  virtual ~Probe() = default;

  enum class Verdict { passed, not_yet };
  struct Look {
    Verdict verdict;
    std::string message;  // what was seen, or what is still missing
  };

  // One look. `since`: when the activation began; nothing from before counts. An error means that waiting on is of no
  // use. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<Look>> look(TimePoint since) = 0;
};

}  // namespace renewd::gateway
