// A supervisor of the certificate of a World.
#pragma once

#include <functional>
#include <optional>
#include <sstream>
#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "state/observation.hpp"
#include "supervision/supervisor.hpp"
#include "unit/renewal/world.hpp"

namespace renewd::testing {

using namespace std::chrono_literals;

inline asio::awaitable<void> as_root(asio::awaitable<void> work) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(work);
}

// A supervisor of the world's certificate, which runs until the object ends.
struct Supervised {
  explicit Supervised(World& supervised, TimePoint settings_changed = {},
                      std::optional<supervision::Inheritance> inherited = std::nullopt)
      : world(supervised),
        settings{.schedule = {.splay = 0s}, .state_directory = world.directory / "state"},
        supervisor(io.get_executor(), objects.context, {slots, looks, board}, world.settings, settings,
                   settings_changed, std::move(inherited)) {
    asio::co_spawn(io, as_root(supervisor.run()),
                   asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr thrown) {
                     if (thrown) {
                       std::rethrow_exception(thrown);
                     }
                   }));
  }
  ~Supervised() {
    stop.emit(asio::cancellation_type::terminal);
    io.restart();
    io.run();
  }

  void run_until(const std::function<bool()>& satisfied) {
    const auto end = std::chrono::steady_clock::now() + 120s;
    io.restart();
    while (!satisfied()) {
      REQUIRE(io.run_one_until(end) == 1);
    }
  }

  World& world;
  asio::io_context io;
  Slots slots{io.get_executor(), 1};
  Slots looks{io.get_executor(), 1};
  report::StatusBoard board;
  configuration::Settings settings;
  const World::Objects objects{world};
  supervision::Supervisor supervisor;
  asio::cancellation_signal stop;
};

// The first event of that name that a supervisor logs; it is ended then.
inline boost::json::object first(World& world, const std::string& name) {
  Supervised(world).run_until([&] { return world.events().find(name) != std::string::npos; });
  std::istringstream lines(world.logged.str());
  for (std::string line; std::getline(lines, line);) {
    auto event = boost::json::parse(line).as_object();
    if (event.at("event").as_string() == name) {
      return event;
    }
  }
  return {};
}

// What the daemon has stored for commands.
inline state::Observation stored_observation(World& world) {
  return state::ObservationStore(world.filesystem, {world.directory / "state", "production"}).load();
}

}  // namespace renewd::testing
