#include "supervision/renewal_run.hpp"

#include <utility>

#include "core/try.hpp"

namespace renewd::supervision {

namespace asio = boost::asio;
using renewal::Act;

asio::awaitable<Result<std::optional<renewal::Completed>>> RenewalRun::run(Act act) {
  CO_TRY_LET(const Slots::Slot slot, co_await take_slot());
  std::optional<renewal::Judged> judged;
  if (act != Act::deploy) {
    CO_TRY_LET(judged, co_await renewal_.obtain("run"));
  }
  if (act == Act::obtain) {
    co_return std::nullopt;
  }
  auto completed = co_await renewal_.deploy("run", std::move(judged));
  co_return std::move(completed).map([](renewal::Completed&& done) { return std::optional(std::move(done)); });
}

asio::awaitable<Result<Slots::Slot>> RenewalRun::take_slot() {
  progress_.expect_nothing();  // the renewals that hold the slots have deadlines of their own
  auto slot = co_await slots_.take();
  progress_.expect_within(longest_);
  if (!slot) {
    co_return failure(ErrorKind::cancelled, "stopped while other renewals were running");
  }
  co_return std::move(*slot);
}

}  // namespace renewd::supervision
