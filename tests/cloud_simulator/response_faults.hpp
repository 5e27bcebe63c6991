// A response as a faulty server sends it: the bytes, and how the connection ends. Without the network.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "endpoint.hpp"
#include "faults.hpp"

namespace renewd::simulator {

enum class Ending {
  notify,  // TLS close_notify
  close,   // without one
  noise,   // bytes that are no TLS
  reset,
  stall,  // the connection stays open
};

struct Delivery {
  std::string bytes;
  // From here on a byte at a time, with this pause after each.
  std::size_t dripped_from = std::string::npos;
  std::chrono::milliseconds pause{0};
  std::string repeated = {};  // after `bytes`, without end
  Ending ending = Ending::notify;
};

Delivery deliver(const ChosenFault& chosen, Response response);

}  // namespace renewd::simulator
