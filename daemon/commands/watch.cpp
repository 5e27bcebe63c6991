#include "commands/watch.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "commands/printable_output.hpp"

namespace renewd::commands {
namespace {

// Switches to the alternate screen and hides the cursor.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[H\033[2J";
constexpr std::string_view kLeave = "\033[?25h\033[?1049l";

// Blocks these signals and waits for them, so that none ends the process on the alternate screen.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGWINCH}) {
      ::sigaddset(&set_, signal);
    }
    ::sigprocmask(SIG_BLOCK, &set_, &original_);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { ::sigprocmask(SIG_SETMASK, &original_, nullptr); }

  // Waits at most a second; 0 if none arrived.
  int wait() const {
    const timespec second{1, 0};
    const int signal = ::sigtimedwait(&set_, nullptr, &second);
    return signal < 0 ? 0 : signal;
  }

 private:
  sigset_t set_{};
  sigset_t original_{};
};

// Draws as many lines as fit, and clears the rest of each.
void draw_frame(std::string_view drawing, const Screen& screen, std::ostream& out) {
  control_terminal(out, "\033[H");
  const std::size_t most = screen.height > 2 ? screen.height - 1 : 0;
  std::size_t lines = 0;
  while (!drawing.empty()) {
    const auto end = std::min(drawing.find('\n'), drawing.size());
    ++lines;
    const bool last = lines == most && end + 1 < drawing.size();
    out << (last ? "(more below: enlarge the window, or run status without --watch)" : drawing.substr(0, end));
    control_terminal(out, "\033[K");
    out << '\n';
    if (last) {
      break;
    }
    drawing.remove_prefix(std::min(end + 1, drawing.size()));
  }
  control_terminal(out, "\033[J");
}

class AlternateScreen {
 public:
  explicit AlternateScreen(std::ostream& out) : out_(out) { control_terminal(out_, kEnter); }
  AlternateScreen(const AlternateScreen&) = delete;
  AlternateScreen& operator=(const AlternateScreen&) = delete;
  ~AlternateScreen() {
    control_terminal(out_, kLeave);
    out_ << last_ << std::flush;
  }

  void show(std::string drawing, const Screen& screen) {
    last_ = std::move(drawing);
    draw_frame(last_, screen, out_);
    out_ << std::flush;
  }
  // Ctrl-Z: gives the shell its screen until the process is resumed.
  void suspend() {
    control_terminal(out_, kLeave);
    out_ << std::flush;
    (void)::raise(SIGSTOP);
    control_terminal(out_, kEnter);
    out_ << std::flush;
  }

 private:
  std::ostream& out_;
  std::string last_;
};

}  // namespace

bool watch(const std::function<std::string(const Screen&)>& draw, Screen screen, bool in_place, std::ostream& out) {
  const Signals signals;
  std::optional<AlternateScreen> alternate;
  if (in_place) {
    alternate.emplace(out);
  }
  std::string previous;
  while (out) {
    std::string drawing = draw(screen);
    if (alternate) {
      alternate->show(std::move(drawing), screen);
    } else if (drawing != previous) {
      out << drawing << std::flush;
      previous = std::move(drawing);
    }
    switch (signals.wait()) {
      case 0:
        break;
      case SIGTSTP:
        if (alternate) {
          alternate->suspend();
        } else {
          (void)::raise(SIGSTOP);
        }
        break;
      case SIGWINCH:
        screen = screen_of(STDOUT_FILENO);
        break;
      default:
        return true;
    }
  }
  return false;
}

}  // namespace renewd::commands
