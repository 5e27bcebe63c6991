#include "gateway/command_action.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/cancellation.hpp"
#include "core/text.hpp"
#include "core/try.hpp"
#include "gateway/process_handle.hpp"
#include "gateway/program.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

// Instead of kGrace when the daemon itself is stopping: it has one second in total.
constexpr std::chrono::milliseconds kGraceWhenCancelled{500};
constexpr std::chrono::seconds kOwnStopFollows{1};
// A killed process exits at once, unless it hangs in the kernel.
constexpr std::chrono::seconds kKillTimeout{5};

constexpr auto kSurvivesSigkill =
    "survives SIGKILL: it hangs in the kernel (on an unreachable file server?) or is being traced";

// A shell exits with 128 plus the number of the signal that ended its command.
bool ended_by_sigterm(int status) {
  return (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) ||
         (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
}

// The most that a pipe can hold (/proc/sys/fs/pipe-max-size).
constexpr std::size_t kPipeCapacity = std::size_t{1024} * 1024;

// Reads what the child had written when it exited. Its background processes may keep the pipe open for ever, or fill it
// as fast as we read: neither must delay us.
void drain(ChildProcess& child, OutputLines& lines) {
  std::array<char, 65536> buffer;
  boost::system::error_code error;
  child.output().non_blocking(true, error);
  for (std::size_t total = 0; !error && total < kPipeCapacity;) {
    const std::size_t n = child.output().read_some(asio::buffer(buffer), error);
    lines.add({buffer.data(), n});
    total += n;
  }
  lines.finish();
}

}  // namespace

std::string CommandAction::description() const {
  std::string text = "run";
  for (const auto& word : settings_.argv) {
    text += " " + printable(word);
  }
  return text;
}

asio::awaitable<Result<Activation>> CommandAction::activate(GatewaySnapshot) {
  using asio::experimental::awaitable_operators::operator&&;
  CO_TRY_LET(auto child, ChildProcess::start(executor_, settings_.argv));
  Run run{std::move(child), OutputLines(output_, redaction_of(secrets_))};
  co_await (read_output(run) && wait_for_end(run));
  run.child->unblock_writers();
  drain(*run.child, run.lines);
  const bool left_running = run.ending == Ending::exited && run.child->detach();
  if (run.ending != Ending::exited) {
    // SIGTERM may have ended the child, but not processes of its group that ignore it.
    run.child->signal_group(SIGKILL);
  }
  const std::optional<int> status = run.child->reap();
  if (run.ending == Ending::exited && status && ended_by_sigterm(*status)) {
    // If our whole control group or container is being stopped, our own SIGTERM follows now, and the gateway is not to
    // blame.
    asio::steady_timer timer(executor_, kOwnStopFollows);
    co_await timer.async_wait(kAsTuple);
    const bool stopping = co_await stop_requested();
    if (stopping) {
      run.ending = Ending::cancelled;
    }
  }
  auto activation = outcome(run.ending, status, run.lines.last());
  if (activation && left_running) {
    activation->message += ", and left a process running in the background";
  }
  co_return activation;
}

asio::awaitable<void> CommandAction::read_output(Run& run) {
  std::array<char, 65536> buffer;
  // While there is always more to read, no read is ever pending, and cancelling would not end this loop.
  while (!run.over) {
    const auto [error, n] = co_await run.child->output().async_read_some(asio::buffer(buffer), kAsTuple);
    run.lines.add({buffer.data(), n});
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (error || state.cancelled() != asio::cancellation_type::none) {
      co_return;
    }
  }
}

asio::awaitable<void> CommandAction::wait_for_end(Run& run) {
  const bool ended = co_await run.child->exits_within(settings_.timeout);
  if (!ended) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    run.ending = cancelled ? Ending::cancelled : Ending::timed_out;
    // A cancellation must not cut the grace period short.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    const auto grace = cancelled ? kGraceWhenCancelled : grace_;
    run.child->signal_group(SIGTERM);
    co_await run.child->exits_within(grace);
    run.child->signal_group(SIGKILL);
    co_await run.child->exits_within(cancelled ? kGraceWhenCancelled : kKillTimeout);
  }
  run.over = true;
  run.child->output().cancel();
}

Result<Activation> CommandAction::outcome(Ending ending, std::optional<int> status,
                                          const std::string& last_line) const {
  const std::string doing = "running " + settings_.argv.at(0);
  const std::string last = last_line.empty() ? "" : fmt::format("; last output: {}", printable(last_line));
  switch (ending) {
    case Ending::cancelled:
      return failure(ErrorKind::cancelled, doing + ": cancelled");
    case Ending::timed_out:
      return failure(ErrorKind::gateway,
                     fmt::format("{}: timeout after {}; the process {}{}", doing, format_duration(settings_.timeout),
                                 status ? "was terminated" : kSurvivesSigkill, last));
    case Ending::exited:
      break;
  }
  if (!status) {
    return failure(ErrorKind::gateway, fmt::format("{}: exit status unknown", doing));
  }
  if (WIFSIGNALED(*status)) {
    return failure(ErrorKind::gateway, fmt::format("{}: killed by {}{}", doing, signal_name(WTERMSIG(*status)), last));
  }
  if (WEXITSTATUS(*status) != 0) {
    return failure(ErrorKind::gateway, fmt::format("{}: exit status {}{}", doing, WEXITSTATUS(*status), last));
  }
  return Activation{Use::in_use, settings_.argv.at(0) + " succeeded"};
}

asio::awaitable<Result<CheckResult>> CommandAction::check(GatewaySnapshot) {
  co_return CheckResult{Verdict::passed, "the gateway itself was not checked, only the command's exit status"};
}

asio::awaitable<Result<std::string>> CommandAction::rehearse() {
  CO_TRY_LET(const std::string program, check_command(settings_.argv));
  co_return program + " can be run";
}

}  // namespace renewd::gateway
