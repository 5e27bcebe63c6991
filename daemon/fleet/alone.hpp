// A host by itself: it is always its turn. The certificate's lock keeps the processes of the host apart.
#pragma once

#include "fleet/coordinator.hpp"

namespace renewd::fleet {

class Alone final : public Coordinator {
 public:
  bool has_turn() const override { return true; }
  boost::asio::awaitable<Result<void>> take_turn() override;
  void end_turn(bool verified) override;
};

}  // namespace renewd::fleet
