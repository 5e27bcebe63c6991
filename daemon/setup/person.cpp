#include "setup/person.hpp"

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

enum class Typed { seen, unseen };

// Ctrl-C as the end of a line instead of a signal: whoever asked can then say that nothing was done. Unseen, there is
// no echo and no other signal either, which would leave the terminal without echo.
class Asking {
 public:
  explicit Asking(Typed typed) {
    changed_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (changed_) {
      termios asking = before_;
      asking.c_cc[VINTR] = _POSIX_VDISABLE;
      asking.c_cc[VEOL] = kInterrupt;
      if (typed == Typed::unseen) {
        asking.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ISIG);
      }
      // What was typed before a secret is asked for is not part of it.
      const int when = typed == Typed::unseen ? TCSAFLUSH : TCSADRAIN;
      changed_ = ::tcsetattr(STDIN_FILENO, when, &asking) == 0;
    }
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
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

Incomplete ended() {
  return {"ended at the terminal", {}};
}

}  // namespace

Answered<std::string> Person::answer(const Question& question) {
  const std::string suggestion =
      question.suggestion.empty() ? "" : fmt::format(" [{}]", printable(question.suggestion, 500));
  while (true) {
    const auto typed = ask(question.text + suggestion + ": ");
    if (!typed) {
      return tl::unexpected(ended());
    }
    auto checked = question.check(typed->empty() ? question.suggestion : *typed);
    if (checked) {
      return std::move(*checked);
    }
    tell("  It " + checked.error() + ".");
  }
}

Answered<Secret> Person::secret(const SecretQuestion& question) {
  while (true) {
    auto typed = ask_secret(question.text + ": ");
    if (!typed) {
      return tl::unexpected(ended());
    }
    auto checked = question.check(std::move(*typed));
    if (checked) {
      return std::move(*checked);
    }
    tell("  It " + checked.error() + ".");
  }
}

Answered<void> Person::refuse(std::string reason) {
  return tl::unexpected(Incomplete{"this is wrong:", {std::move(reason)}});
}

bool Terminal::present() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
}

void Terminal::tell(const std::string& text) {
  std::cerr << text << std::endl;
}

std::optional<std::string> Terminal::ask(const std::string& question) {
  const Asking asking(Typed::seen);
  std::cerr << question << std::flush;
  auto line = read_line();
  if (!line) {
    std::cerr << std::endl;
    return std::nullopt;
  }
  return std::string(trimmed(*line));
}

std::optional<Secret> Terminal::ask_secret(const std::string& question) {
  const Asking asking(Typed::unseen);  // before the question: what is typed early is not seen either
  std::cerr << question << std::flush;
  auto line = asking.complete() ? read_line() : std::nullopt;
  std::cerr << std::endl;
  if (!line) {
    return std::nullopt;
  }
  Secret secret(*line);
  ::explicit_bzero(line->data(), line->size());
  return secret;
}

}  // namespace renewd::setup
