// Whose turn it is to deploy a renewed certificate, where several hosts share it and must not restart at once.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "core/error.hpp"

namespace renewd::fleet {

class Coordinator {
 public:
  virtual ~Coordinator() = default;

  // Whether this host may restart its gateway now.
  virtual bool has_turn() const = 0;
  // Returns when it may, which may take days: the caller holds no lock and no slot meanwhile. A turn that was not ended
  // is still this host's. Error kind: cancelled.
  virtual boost::asio::awaitable<Result<void>> take_turn() = 0;
  // `verified`: the gateway was seen running with the keystore.
  virtual void end_turn(bool verified) = 0;
};

}  // namespace renewd::fleet
