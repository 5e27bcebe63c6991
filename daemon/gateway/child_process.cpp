#include "gateway/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include "core/as_tuple.hpp"
#include "core/trusted_path.hpp"
#include "gateway/process_handle.hpp"

namespace renewd::gateway {
namespace {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> readable(asio::posix::stream_descriptor& descriptor) {
  const auto [error] = co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, kAsTuple);
  co_return error;
}

// What programs cannot do without, and no more: secrets of ours may come from the environment.
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

// posix_spawn's two argument objects. Their functions fail only without memory.
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
    // A session of its own: at root's terminal, which it could otherwise open, the command is not root.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    // Asio's sockets are not close-on-exec: a connection that carries a token is none of the child's business.
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

Result<std::string> search_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) != 0) {
      return system_failure(ErrorKind::gateway, "running " + name, errno);
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(name, ignored)) {
      return failure(ErrorKind::gateway, "running " + name + ": it is a directory");
    }
    return name;
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string candidate = fmt::format("{}/{}", directory, name);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored) && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return failure(ErrorKind::gateway, "running " + name + ": there is no such program in PATH");
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  auto program = search_program(name);
  // Whoever can change the program would be us with the next renewal.
  if (program) {
    const auto others = changed_by_others(*program, ::geteuid());
    if (!others) {
      return tl::unexpected(with_context("running " + *program, others.error()));
    }
    if (!others->empty()) {
      return failure(ErrorKind::gateway,
                     fmt::format("{} is not run, since others can change it: {}", *program, *others));
    }
  }
  return program;
}

ChildProcess::ChildProcess(const asio::any_io_executor& executor, pid_t pid, int pid_descriptor, int output)
    : pid_(pid), process_(executor, pid_descriptor), output_(executor, output), timer_(executor) {}

// Not with Boost.Process: when 1.81 cannot execute the program, its child runs our exit handlers and stays a zombie.
Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const asio::any_io_executor& executor,
                                                          std::vector<std::string> argv) {
  const Result<std::string> program = find_program(argv.at(0));
  if (!program) {
    return tl::unexpected(program.error());
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return system_failure(ErrorKind::gateway, "making a pipe", errno);
  }
  Descriptor output(ends[0]);
  const Descriptor input(ends[1]);
  const SpawnArguments arguments(input.get());
  std::vector<std::string> environment = minimal_environment();
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program->c_str(), &arguments.actions, &arguments.attributes,
                                  pointers(argv).data(), pointers(environment).data());
  if (error != 0) {
    return system_failure(ErrorKind::gateway, "running " + *program, error);
  }
  auto handle = open_process(pid);
  if (!handle) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return tl::unexpected(handle.error());
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(executor, pid, handle->release(), output.release()));
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    signal_group(SIGKILL);
    reap();
  }
}

asio::awaitable<bool> ChildProcess::ended_within(std::chrono::milliseconds time) {
  using asio::experimental::awaitable_operators::operator||;
  timer_.expires_after(time);
  const auto first = co_await (readable(process_) || expired(timer_));
  co_return first.index() == 0 && !std::get<0>(first);
}

void ChildProcess::signal_group(int signal) {
  ::kill(-pid_, signal);
}

int ChildProcess::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  return status;
}

}  // namespace renewd::gateway
