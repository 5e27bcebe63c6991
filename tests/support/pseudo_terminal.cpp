#include "support/pseudo_terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace renewd::testing {

PseudoTerminal::PseudoTerminal(const std::vector<std::string>& argv, unsigned short columns) {
  std::vector<char*> words;
  for (const auto& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  winsize size{};
  size.ws_col = columns;
  child_ = ::forkpty(&master_, nullptr, nullptr, &size);
  if (child_ < 0) {
    throw std::runtime_error("forkpty");
  }
  if (child_ == 0) {
    ::execv(words[0], words.data());
    ::_exit(127);
  }
}

PseudoTerminal::~PseudoTerminal() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  ::close(master_);
}

bool PseudoTerminal::read_more() {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  pollfd readable{master_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
    throw std::runtime_error("a minute passed; on the screen:\n" + screen_);
  }
  std::array<char, 4096> buffer{};
  const ssize_t n = ::read(master_, buffer.data(), buffer.size());
  if (n <= 0) {
    return false;
  }
  screen_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

void PseudoTerminal::expect(std::string_view text) {
  std::size_t at = 0;
  while ((at = screen_.find(text, seen_)) == std::string::npos) {
    if (!read_more()) {
      throw std::runtime_error("ended before \"" + std::string(text) + "\"; on the screen:\n" + screen_);
    }
  }
  seen_ = at + text.size();
}

void PseudoTerminal::type(std::string_view text) {
  if (::write(master_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("typing");
  }
}

int PseudoTerminal::wait() {
  while (read_more()) {
  }
  int status = 0;
  ::waitpid(child_, &status, 0);
  child_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace renewd::testing
