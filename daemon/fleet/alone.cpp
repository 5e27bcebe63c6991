#include "fleet/alone.hpp"

namespace renewd::fleet {

boost::asio::awaitable<Result<void>> Alone::take_turn() {
  co_return Result<void>();
}

void Alone::end_turn(bool /*verified*/) {}

}  // namespace renewd::fleet
