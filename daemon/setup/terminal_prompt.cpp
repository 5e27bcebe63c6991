#include "setup/terminal_prompt.hpp"

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace renewd::setup {
namespace {

constexpr char kInterrupt = '\x03';  // Ctrl-C

enum class Echo { on, off };

// Makes Ctrl-C end the line instead of the process, so that `init` can say that nothing was written. Without echo,
// other signals are off as well: they would leave the terminal without echo.
class TerminalMode {
 public:
  explicit TerminalMode(Echo echo) {
    changed_ = ::tcgetattr(STDIN_FILENO, &previous_) == 0;
    if (changed_) {
      termios mode = previous_;
      mode.c_cc[VINTR] = _POSIX_VDISABLE;
      mode.c_cc[VEOL] = kInterrupt;
      if (echo == Echo::off) {
        mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ISIG);
      }
      // Input typed before the question is not part of a secret.
      const int when = echo == Echo::off ? TCSAFLUSH : TCSADRAIN;
      changed_ = ::tcsetattr(STDIN_FILENO, when, &mode) == 0;
    }
  }
  TerminalMode(const TerminalMode&) = delete;
  TerminalMode& operator=(const TerminalMode&) = delete;
  ~TerminalMode() {
    if (changed_) {
      ::tcsetattr(STDIN_FILENO, TCSADRAIN, &previous_);
    }
  }
  // If not, the echo may be on: do not ask for a secret.
  bool is_set() const { return changed_; }

 private:
  termios previous_{};
  bool changed_ = false;
};

// A line without its end. Byte by byte, to leave the rest of the input for the next reader.
std::optional<std::string> read_line() {
  std::string line;
  line.reserve(4096);  // a terminal's longest line: growing would leave copies of a secret
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

// Repeats a question until its answer is valid.
template <typename T, typename Read, typename Validate>
Answered<T> ask_until_valid(Prompt& prompt, Read read, Validate validate) {
  while (true) {
    auto typed = read();
    if (!typed) {
      return tl::unexpected(Incomplete{"cancelled at the terminal", {}});
    }
    Validated<T> answer = validate(std::move(*typed));
    if (answer) {
      return std::move(*answer);
    }
    prompt.show("  It " + answer.error() + ".");
  }
}

}  // namespace

Answered<std::string> InteractivePrompt::ask(const Question<std::string>& question) {
  const std::string suggestion =
      question.suggestion.empty() ? "" : fmt::format(" [{}]", printable(question.suggestion, 500));
  return ask_until_valid<std::string>(
      *this, [&] { return read_answer(question.text + suggestion + ": "); },
      [&](const std::string& typed) { return question.validate(typed.empty() ? question.suggestion : typed); });
}

Answered<Secret> InteractivePrompt::ask_secret(const Question<Secret>& question) {
  return ask_until_valid<Secret>(*this, [&] { return read_secret(question.text + ": "); }, question.validate);
}

Answered<void> InteractivePrompt::reject(std::string reason) {
  return tl::unexpected(Incomplete{"cannot continue:", {std::move(reason)}});
}

bool TerminalPrompt::is_available() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
}

void TerminalPrompt::show(const std::string& text) {
  std::cerr << fit_(text) << std::endl;
}

std::optional<std::string> TerminalPrompt::read_answer(const std::string& question) {
  const TerminalMode mode(Echo::on);
  std::cerr << fit_(question) << std::flush;
  auto line = read_line();
  if (!line) {
    std::cerr << std::endl;
    return std::nullopt;
  }
  return std::string(trimmed(*line));
}

std::optional<Secret> TerminalPrompt::read_secret(const std::string& question) {
  const TerminalMode mode(Echo::off);  // before the question, so that early input is not shown either
  std::cerr << fit_(question) << std::flush;
  auto line = mode.is_set() ? read_line() : std::nullopt;
  std::cerr << std::endl;
  if (!line) {
    return std::nullopt;
  }
  Secret secret(*line);
  ::explicit_bzero(line->data(), line->size());
  return secret;
}

}  // namespace renewd::setup
