#include "gateway/child_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::gateway;
namespace asio = boost::asio;

namespace {

// A pipe that can be read from.
asio::posix::stream_descriptor written_pipe(asio::io_context& io) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor writer(ends[1]);
  REQUIRE(::write(writer.get(), "x", 1) == 1);
  return {io, ends[0]};
}

}  // namespace

// Asio gives the state of a closed descriptor, with the event that waits in it, to the next one that is opened.
TEST_CASE("an event of a descriptor that was closed does not end a child") {
  asio::io_context io;
  auto first = written_pipe(io);
  auto second = written_pipe(io);
  std::unique_ptr<ChildProcess> child;
  std::optional<bool> ended;
  const auto start_child = [&](asio::posix::stream_descriptor& closed) {
    if (child) {
      return;
    }
    closed.close();
    child = ChildProcess::start(io.get_executor(), {"/bin/sleep", "600"}).value();
    asio::co_spawn(
        io, [&]() -> asio::awaitable<void> { ended = co_await child->ended_within(std::chrono::milliseconds(100)); },
        asio::detached);
  };
  // Both are ready when the loop begins; whichever comes first closes the other.
  first.async_wait(asio::posix::descriptor_base::wait_read, [&](const auto&) { start_child(second); });
  second.async_wait(asio::posix::descriptor_base::wait_read, [&](const auto&) { start_child(first); });
  io.run();
  REQUIRE(ended);
  CHECK_FALSE(*ended);
}
