#include "gateway/child_process.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>

#include <boost/asio/buffer.hpp>
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

// Asio reuses the state of a closed descriptor, together with its pending event, for the next one.
TEST_CASE("an event of a closed descriptor does not count as the exit of a child") {
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
        io, [&]() -> asio::awaitable<void> { ended = co_await child->exits_within(std::chrono::milliseconds(100)); },
        asio::detached);
  };
  // Both are ready when the loop begins; whichever comes first closes the other.
  first.async_wait(asio::posix::descriptor_base::wait_read, [&](const auto&) { start_child(second); });
  second.async_wait(asio::posix::descriptor_base::wait_read, [&](const auto&) { start_child(first); });
  io.run();
  REQUIRE(ended);
  CHECK_FALSE(*ended);
}

// A traced process stands for one that hangs in the kernel.
TEST_CASE("a child that survives SIGKILL is not waited for, and is reaped later") {
  asio::io_context io;
  auto child = ChildProcess::start(io.get_executor(), {"/bin/sh", "-c", "echo $$; exec sleep 600"}).value();
  std::array<char, 32> text{};
  const pid_t pid = std::stoi(std::string(text.data(), child->output().read_some(asio::buffer(text))));
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    const char traces = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
    (void)!::write(writing.get(), &traces, 1);
    ::pause();
  }
  char traces = 'n';
  REQUIRE(::read(reading.get(), &traces, 1) == 1);
  if (traces == 'y') {
    child->signal_group(SIGKILL);
    std::optional<bool> ended;
    asio::co_spawn(
        io, [&]() -> asio::awaitable<void> { ended = co_await child->exits_within(std::chrono::milliseconds(100)); },
        asio::detached);
    io.run();
    CHECK(ended.value_or(true) == false);
    CHECK_FALSE(child->reap());
    child.reset();
  }
  ::kill(tracer, SIGKILL);
  ::waitpid(tracer, nullptr, 0);
  if (traces != 'y') {
    WARN("skipped: this kernel does not permit tracing");
    return;
  }
  siginfo_t end{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT) == 0);
  CHECK(ChildProcess::start(io.get_executor(), {"/bin/true"}));
  CHECK(::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOHANG | WNOWAIT) != 0);
}
