#include "supervision/event_loop.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/blocking.hpp"
#include "core/cancellation.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::supervision;

namespace {

namespace asio = boost::asio;

constexpr int kCutOff = 42;
constexpr int kEnded = 43;

asio::awaitable<void> work_without_end() {
  (void)raise(SIGTERM);
  pause();  // the event loop is as busy as with work that is large
  co_return;
}

asio::awaitable<void> work_that_throws() {
  throw std::system_error(EMFILE, std::generic_category(), "timerfd_create");
  co_return;
}

asio::awaitable<void> work_beside_without_end() {
  asio::thread_pool pool(1);
  (void)raise(SIGTERM);
  (void)co_await run_blocking(&pool, [] { return pause(); });
}

asio::awaitable<void> wait_for_stop() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (bool stopping = false; !stopping; stopping = co_await stop_requested()) {
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> work_that_ends() {
  (void)raise(SIGTERM);
  co_await wait_for_stop();
}

template <int kSignal>
asio::awaitable<void> work_that_gets() {
  (void)raise(kSignal);
  co_await wait_for_stop();
}

asio::awaitable<void> work_with_ignored_signals() {
  (void)raise(SIGHUP);
  (void)raise(SIGINT);
  (void)raise(SIGTERM);
  co_await wait_for_stop();
}

// The exit status of a child process, and its messages about stopping.
struct Outcome {
  int status;
  std::string log;
};
Outcome run_in_child(asio::awaitable<void> (*work)(), std::chrono::milliseconds grace) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    EventLoop loop(kCutOff, grace);
    (void)std::signal(SIGALRM, SIG_DFL);
    alarm(60);  // a stuck test ends
    loop.start(work());
    loop.run([&](std::string_view message) { (void)!write(ends[1], message.data(), message.size()); });
    std::_Exit(kEnded);
  }
  close(ends[1]);
  Outcome outcome{0, std::string(1000, ' ')};
  waitpid(child, &outcome.status, 0);
  outcome.log.resize(static_cast<std::size_t>(read(ends[0], outcome.log.data(), outcome.log.size())));
  close(ends[0]);
  REQUIRE(WIFEXITED(outcome.status));
  outcome.status = WEXITSTATUS(outcome.status);
  return outcome;
}

}  // namespace

TEST_CASE("the process ends after a signal even if the work does not, and logs it") {
  for (const auto work : {work_without_end, work_beside_without_end}) {
    const Outcome outcome = run_in_child(work, std::chrono::milliseconds(50));
    CHECK(outcome.status == kCutOff);
    CHECK_THAT(outcome.log, ContainsSubstring("did not end in time"));
  }
}

TEST_CASE("the loop waits for work that ends after a signal") {
  const Outcome outcome = run_in_child(work_that_ends, std::chrono::hours(1));
  CHECK(outcome.status == kEnded);
  CHECK_THAT(outcome.log, EndsWith("SIGTERM"));
}

TEST_CASE("signals that would end the process half-way stop the work cleanly") {
  CHECK_THAT(run_in_child(work_that_gets<SIGHUP>, std::chrono::hours(1)).log, EndsWith("SIGHUP"));
  CHECK_THAT(run_in_child(work_that_gets<SIGQUIT>, std::chrono::hours(1)).log, EndsWith("SIGQUIT"));
  CHECK_THAT(run_in_child(work_that_gets<SIGUSR1>, std::chrono::hours(1)).log, EndsWith("SIGUSR1"));
  CHECK_THAT(run_in_child(work_that_gets<SIGUSR2>, std::chrono::hours(1)).log, EndsWith("SIGUSR2"));
  CHECK_THAT(run_in_child(work_that_gets<SIGXCPU>, std::chrono::hours(1)).log, EndsWith("SIGXCPU"));
}

TEST_CASE("signals ignored from the start stay ignored, as with nohup") {
  const auto hangup = std::signal(SIGHUP, SIG_IGN);
  const auto interrupt = std::signal(SIGINT, SIG_IGN);
  CHECK_THAT(run_in_child(work_with_ignored_signals, std::chrono::hours(1)).log, EndsWith("SIGTERM"));
  (void)std::signal(SIGHUP, hangup);
  (void)std::signal(SIGINT, interrupt);
}

TEST_CASE("run() rethrows an exception of a coroutine, and ends the signal thread") {
  EventLoop loop;
  loop.start(work_that_throws());
  CHECK_THROWS_WITH(loop.run([](std::string_view) {}), "timerfd_create: Too many open files");
}
