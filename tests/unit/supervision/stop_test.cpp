// A stop is delivered once: what begins to wait afterwards must look for it.
#include "fleet_hosts.hpp"
#include "supervision/fleet_view.hpp"
#include "supervision/sleep.hpp"

using namespace renewd;
using namespace renewd::supervision;
using namespace renewd::testing;
using namespace std::chrono_literals;

TEST_CASE("a stop that came while something else was awaited ends the sleep") {
  asio::io_context io;
  World world;
  const World::Objects objects(world);
  Sleep sleep(io.get_executor(), objects.context.keystore);
  asio::cancellation_signal stop;
  std::optional<Woken> woken;
  const auto work = [&]() -> asio::awaitable<void> {
    stop.emit(asio::cancellation_type::terminal);
    woken = co_await sleep.until(std::chrono::system_clock::now() + 24h);
  };
  asio::co_spawn(io, as_root(work()), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  io.run_for(10s);
  CHECK(woken == Woken::by_cancellation);
}

TEST_CASE("a stop that comes while the fleet is read ends following it") {
  asio::io_context io;
  MemoryEtcd etcd;
  const auto store = std::make_shared<MemoryStore>(io.get_executor(), etcd);
  const auto link = std::make_shared<FleetLink>(
      FleetLink{{}, store, "a", "machine-of-a", new_id(), [] { return fleet::BootTime(1h); }});
  FleetView view(io.get_executor(), link, fleet::Keys("/gravitee-renewd", "account"));
  asio::cancellation_signal stop;
  store->on_read = [&] { stop.emit(asio::cancellation_type::terminal); };
  bool ended = false;
  asio::co_spawn(io, as_root(view.follow()),
                 asio::bind_cancellation_slot(stop.slot(), [&ended](std::exception_ptr) { ended = true; }));
  io.run_for(10s);
  CHECK(ended);
}
