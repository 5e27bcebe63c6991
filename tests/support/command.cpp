#include "support/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2/process.hpp>

namespace renewd::testing {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

// env(1) looks the program up in PATH, adds to the environment, and becomes the program (the pid stays).
std::vector<std::string> through_env(const std::vector<std::string>& argv, const CommandOptions& options) {
  std::vector<std::string> words{"/usr/bin/env", "--"};
  for (const auto& [name, value] : options.environment) {
    words.push_back(name + "=" + value);
  }
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

std::string joined(const std::vector<std::string>& argv) {
  std::string text;
  for (const auto& word : argv) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

// Closed on exec, so that no other program that runs meanwhile holds them open.
struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe can be made");
    }
  }
  std::array<int, 2> ends{};  // to read, to write
};

// Not by fork(), which copies what a sanitizer keeps of the memory: that takes longer than most commands.
pid_t spawn(const std::vector<std::string>& words, int input, int output, int errors) {
  std::vector<char*> argv;
  for (const auto& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv.front(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  for (const int end : {input, output, errors}) {
    ::close(end);
  }
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "starting " + words.front());
  }
  return pid;
}

int exit_status(int native) {
  return WIFSIGNALED(native) ? 128 + WTERMSIG(native) : WEXITSTATUS(native);
}

}  // namespace

struct BackgroundProcess::State {
  explicit State(const std::vector<std::string>& command, const CommandOptions& options)
      : argv(command), deadline(options.deadline), output_pipe(io), error_pipe(io), input_pipe(io) {
    input = options.input;
    const Pipe in;
    const Pipe out;
    const Pipe err;
    input_pipe.assign(in.ends[1]);
    output_pipe.assign(out.ends[0]);
    error_pipe.assign(err.ends[0]);
    const pid_t pid = spawn(through_env(command, options), in.ends[0], out.ends[1], err.ends[1]);
    child = std::make_unique<process::process>(io.get_executor(), pid);
    asio::async_write(input_pipe, asio::buffer(input),
                      [this](const boost::system::error_code&, std::size_t) { input_pipe.close(); });
    collect(output_pipe, output, output_buffer);
    collect(error_pipe, errors, error_buffer);
    child->async_wait([this](const boost::system::error_code&, int) { ended = true; });
  }

  void collect(asio::readable_pipe& pipe, std::string& text, std::array<char, 8192>& buffer) {
    pipe.async_read_some(asio::buffer(buffer), [&](const boost::system::error_code& error, std::size_t n) {
      text.append(buffer.data(), n);
      if (error) {
        --open_pipes;
        return;
      }
      collect(pipe, text, buffer);
    });
  }

  // Runs the loop until `done`, and says whether that came to be before the deadline.
  bool run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
      io.restart();
      if (std::chrono::steady_clock::now() >= end) {
        return false;
      }
      if (io.run_one_until(end) == 0 && finished()) {
        return done();
      }
    }
    return true;
  }

  bool finished() const { return ended && open_pipes == 0; }

  std::string wait_for(const std::string& text, const std::function<bool(const std::string&)>& satisfied) {
    run_until([&] { return satisfied(text) || finished(); });
    if (!satisfied(text)) {
      throw std::runtime_error(joined(argv) + (finished() ? ": ended" : ": deadline passed") +
                               " before it printed what the test waits for; standard output:\n" + output +
                               "\nstandard error:\n" + errors);
    }
    return text;
  }

  std::vector<std::string> argv;
  std::chrono::seconds deadline;
  asio::io_context io;
  asio::readable_pipe output_pipe;
  asio::readable_pipe error_pipe;
  asio::writable_pipe input_pipe;
  std::unique_ptr<process::process> child;
  std::string input;
  std::string output;
  std::string errors;
  std::array<char, 8192> output_buffer{};
  std::array<char, 8192> error_buffer{};
  int open_pipes = 2;
  bool ended = false;
};

BackgroundProcess::BackgroundProcess(const std::vector<std::string>& argv, const CommandOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  state_ = std::make_unique<State>(argv, options);
}

BackgroundProcess::~BackgroundProcess() {
  if (!state_->ended) {
    boost::system::error_code ignored;
    state_->child->terminate(ignored);
  }
}

pid_t BackgroundProcess::pid() const {
  return state_->child->id();
}

void BackgroundProcess::send_signal(int signal) {
  ::kill(pid(), signal);
}

std::string BackgroundProcess::wait_for_output(const std::function<bool(const std::string&)>& satisfied) {
  return state_->wait_for(state_->output, satisfied);
}

std::string BackgroundProcess::wait_for_errors(const std::function<bool(const std::string&)>& satisfied) {
  return state_->wait_for(state_->errors, satisfied);
}

CommandResult BackgroundProcess::wait() {
  if (!state_->run_until([this] { return state_->finished(); })) {
    throw std::runtime_error(joined(state_->argv) + ": still running at the deadline; standard output:\n" +
                             state_->output + "\nstandard error:\n" + state_->errors);
  }
  return {exit_status(state_->child->native_exit_code()), state_->output, state_->errors};
}

CommandResult run(const std::vector<std::string>& argv, const CommandOptions& options) {
  return BackgroundProcess(argv, options).wait();
}

std::string run_or_throw(const std::vector<std::string>& argv, const CommandOptions& options) {
  CommandResult result = run(argv, options);
  if (result.status != 0) {
    throw std::runtime_error(joined(argv) + ": exit status " + std::to_string(result.status) + "\n" + result.output +
                             result.errors);
  }
  return result.output;
}

bool have_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (::access((std::filesystem::path(directory) / name).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace renewd::testing
