#include "gateway/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/try.hpp"
#include "gateway/process_handle.hpp"
#include "gateway/program.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kExitPollInterval{10};

// Not reliable: Asio reuses the state of a closed descriptor, together with its pending event, for the next one.
asio::awaitable<boost::system::error_code> readable(asio::posix::stream_descriptor& descriptor) {
  const auto [error] = co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, kAsTuple);
  co_return error;
}

// Only what programs need: our environment may hold secrets.
std::vector<std::string> minimal_environment() {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "LANG", "USER"}) {
    const char* value = std::getenv(name);
    if (value != nullptr) {
      environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& string : strings) {
    result.push_back(string.data());
  }
  result.push_back(nullptr);
  return result;
}

// Opens the writing end of a pipe for reading as well. The writers then count as readers, so no write raises SIGPIPE
// even after we have exited. Without /proc, returns the end as it is.
Descriptor also_readable(Descriptor end) {
  Descriptor both(::open(fmt::format("/proc/self/fd/{}", end.get()).c_str(), O_RDWR | O_CLOEXEC));
  return both ? std::move(both) : std::move(end);
}

// Children that survived SIGKILL. The next start tries to reap them again.
std::vector<pid_t>& unreaped() {
  static std::vector<pid_t> children;
  return children;
}

void reap_unreaped() {
  std::erase_if(unreaped(), [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; });
}

// posix_spawn's two argument objects. Their functions fail only if there is no memory.
struct SpawnArguments {
  explicit SpawnArguments(int output) {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    // We ignore SIGPIPE; the child must not inherit that, nor a signal mask.
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A session of its own: the command, which may not run as root, must not open root's terminal.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    // Asio's sockets are not close-on-exec, and the child must not inherit a connection that carries a token.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  }
  SpawnArguments(const SpawnArguments&) = delete;
  SpawnArguments& operator=(const SpawnArguments&) = delete;
  ~SpawnArguments() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

}  // namespace

ChildProcess::ChildProcess(const asio::any_io_executor& executor, pid_t pid, int pid_descriptor, int output,
                           Descriptor input)
    : pid_(pid),
      process_(executor, pid_descriptor),
      output_(executor, output),
      input_(std::move(input)),
      timer_(executor) {}

// Not with Boost.Process: if 1.81 cannot execute the program, its child runs our exit handlers and stays a zombie.
Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const asio::any_io_executor& executor,
                                                          std::vector<std::string> argv) {
  reap_unreaped();
  TRY_LET(const std::string program, find_program(argv.at(0)));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return system_failure(ErrorKind::gateway, "creating a pipe", errno);
  }
  Descriptor output(ends[0]);
  Descriptor input = also_readable(Descriptor(ends[1]));
  const SpawnArguments arguments(input.get());
  std::vector<std::string> environment = minimal_environment();
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &arguments.actions, &arguments.attributes,
                                  pointers(argv).data(), pointers(environment).data());
  if (error != 0) {
    // For a script without its interpreter, the kernel only reports "No such file or directory".
    TRY(check_program(program));
    return system_failure(ErrorKind::gateway, "running " + program, error);
  }
  auto handle = open_process(pid);
  if (!handle) {
    ::kill(-pid, SIGKILL);
    unreaped().push_back(pid);
    return tl::unexpected(handle.error());
  }
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(executor, pid, handle->release(), output.release(), std::move(input)));
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    signal_group(SIGKILL);
    reap();
  }
}

asio::awaitable<bool> ChildProcess::exits_within(std::chrono::milliseconds timeout) {
  using asio::experimental::awaitable_operators::operator||;
  timer_.expires_after(timeout);
  asio::steady_timer pause(timer_.get_executor());
  // After a cancellation, a new operation would not be cut short, and might throw.
  const auto may_wait = [this](const asio::cancellation_state& state) {
    return state.cancelled() == asio::cancellation_type::none && std::chrono::steady_clock::now() < timer_.expiry();
  };
  while (!has_exited() && may_wait(co_await asio::this_coro::cancellation_state)) {
    const auto first = co_await (readable(process_) || expired(timer_));
    if (first.index() != 0 || std::get<0>(first)) {
      break;
    }
    if (!has_exited() && may_wait(co_await asio::this_coro::cancellation_state)) {
      // A tracer learns of the child's exit before we do, or the event belongs to a closed descriptor.
      pause.expires_after(kExitPollInterval);
      co_await pause.async_wait(kAsTuple);
    }
  }
  co_return has_exited();
}

bool ChildProcess::has_exited() const {
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == pid_;
}

void ChildProcess::signal_group(int signal) {
  ::kill(-pid_, signal);
}

void ChildProcess::unblock_writers() {
  // The flag belongs to the open file description that all writers share.
  ::fcntl(input_.get(), F_SETFL, ::fcntl(input_.get(), F_GETFL) | O_NONBLOCK);
}

bool ChildProcess::detach() {
  input_ = Descriptor();
  pollfd end{output_.native_handle(), 0, 0};
  return ::poll(&end, 1, 0) == 0;  // POLLHUP if there is no writer
}

std::optional<int> ChildProcess::reap() {
  int status = 0;
  reaped_ = true;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0) {
    unreaped().push_back(pid_);
  }
  return ended == pid_ ? std::optional(status) : std::nullopt;
}

}  // namespace renewd::gateway
