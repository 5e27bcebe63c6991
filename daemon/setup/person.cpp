#include "setup/person.hpp"

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr char kInterrupt = '\x03';  // Ctrl-C

// No echo, and Ctrl-C as the end of a line instead of a signal, which would leave the terminal without echo.
class Unseen {
 public:
  Unseen() {
    changed_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (changed_) {
      termios unseen = before_;
      unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ISIG);
      unseen.c_cc[VEOL] = kInterrupt;
      changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0;
    }
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen() {
    if (changed_) {
      ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
  }
  // Without it nothing secret may be asked for.
  bool complete() const { return changed_; }

 private:
  termios before_{};
  bool changed_ = false;
};

// A line without its end, byte by byte: what comes after it belongs to whoever reads next.
std::optional<std::string> read_line() {
  std::string line;
  line.reserve(4096);  // the longest that a terminal gives: no copy of a secret stays behind
  char c = '\0';
  while (true) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0 || c == kInterrupt) {
      return std::nullopt;
    }
    if (c == '\n') {
      return line;
    }
    line += c;
  }
}

}  // namespace

bool Terminal::present() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
}

void Terminal::tell(std::string_view text) {
  std::cerr << text << std::endl;
}

std::optional<std::string> Terminal::ask(std::string_view question) {
  std::cerr << question << std::flush;
  auto line = read_line();
  if (!line) {
    std::cerr << std::endl;
    return std::nullopt;
  }
  return std::string(trimmed(*line));
}

std::optional<Secret> Terminal::ask_secret(std::string_view question) {
  const Unseen unseen;  // before the question: what is typed early is not seen either
  std::cerr << question << std::flush;
  auto line = unseen.complete() ? read_line() : std::nullopt;
  std::cerr << std::endl;
  if (!line) {
    return std::nullopt;
  }
  Secret secret(trimmed(*line));
  ::explicit_bzero(line->data(), line->size());
  return secret;
}

}  // namespace renewd::setup
