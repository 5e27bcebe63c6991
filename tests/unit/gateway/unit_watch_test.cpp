#include "gateway/unit_watch.hpp"

#include <cstdlib>

#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/running.hpp"

using namespace renewd::gateway;

namespace {

using boost::asio::local::stream_protocol;

// A system bus that ends each connection at once.
struct ClosingBus {
  ClosingBus() { ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path).c_str(), 1); }

  void accept() {
    acceptor.async_accept([this](const boost::system::error_code& error, const stream_protocol::socket&) {
      if (!error) {
        ++connections;
        accept();
      }
    });
  }

  // Until everybody waits for a timer, or for the next watcher. Nothing here depends on another process.
  void run() {
    loop.io.restart();
    while (loop.io.poll() > 0) {
    }
  }

  renewd::testing::TemporaryDirectory directory;
  std::string path = (directory / "bus").string();
  renewd::gateway::testing::Loop loop;
  stream_protocol::acceptor acceptor{loop.io, path};
  int connections = 0;
};

}  // namespace

TEST_CASE("watchers that are added before the watch begins share one subscription") {
  ClosingBus bus;
  bus.accept();
  UnitWatch watch(bus.loop.io.get_executor());
  const auto one = watch.watch({"gateway.service"}, [] {});
  const auto two = watch.watch({"api.service"}, [] {});
  boost::asio::co_spawn(bus.loop.io, renewd::gateway::testing::as_root(watch.run()), boost::asio::detached);
  bus.run();
  CHECK(bus.connections == 1);
  const auto three = watch.watch({"another.service"}, [] {});
  bus.run();
  CHECK(bus.connections == 2);
}
