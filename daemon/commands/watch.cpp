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

// The alternate screen, with the cursor out of sight.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[H\033[2J";
constexpr std::string_view kLeave = "\033[?25h\033[?1049l";

// The signals that matter here wait to be asked for, so that none comes between entering the screen and leaving it.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGWINCH}) {
      ::sigaddset(&set_, signal);
    }
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  // The one that came within a second; 0 when none did.
  int within_a_second() const {
    const timespec second{1, 0};
    const int signal = ::sigtimedwait(&set_, nullptr, &second);
    return signal < 0 ? 0 : signal;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

// The first lines, as many as the screen has, each with the rest of its line cleared.
void draw_frame(std::string_view drawing, const Screen& screen, std::ostream& out) {
  steer_terminal(out, "\033[H");
  const std::size_t most = screen.height > 2 ? screen.height - 1 : 0;
  std::size_t lines = 0;
  while (!drawing.empty()) {
    const auto end = std::min(drawing.find('\n'), drawing.size());
    ++lines;
    const bool last = lines == most && end + 1 < drawing.size();
    out << (last ? "(more below: enlarge the window, or leave --watch away)" : drawing.substr(0, end));
    steer_terminal(out, "\033[K");
    out << '\n';
    if (last) {
      break;
    }
    drawing.remove_prefix(std::min(end + 1, drawing.size()));
  }
  steer_terminal(out, "\033[J");
}

class InPlace {
 public:
  explicit InPlace(std::ostream& out) : out_(out) { steer_terminal(out_, kEnter); }
  InPlace(const InPlace&) = delete;
  InPlace& operator=(const InPlace&) = delete;
  ~InPlace() {
    steer_terminal(out_, kLeave);
    out_ << last_ << std::flush;
  }

  void show(std::string drawing, const Screen& screen) {
    last_ = std::move(drawing);
    draw_frame(last_, screen, out_);
    out_ << std::flush;
  }
  // Ctrl-Z: the shell gets its screen back until this process is gone on with.
  void suspend() {
    steer_terminal(out_, kLeave);
    out_ << std::flush;
    ::raise(SIGSTOP);
    steer_terminal(out_, kEnter);
    out_ << std::flush;
  }

 private:
  std::ostream& out_;
  std::string last_;
};

}  // namespace

bool watch(const std::function<std::string(const Screen&)>& draw, Screen screen, bool in_place, std::ostream& out) {
  const Signals signals;
  std::optional<InPlace> place;
  if (in_place) {
    place.emplace(out);
  }
  std::string before;
  while (out) {
    std::string drawing = draw(screen);
    if (place) {
      place->show(std::move(drawing), screen);
    } else if (drawing != before) {
      out << drawing << std::flush;
      before = std::move(drawing);
    }
    switch (signals.within_a_second()) {
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
      case SIGQUIT:
      case SIGUSR1:
      case SIGUSR2:
      case SIGALRM:
        return true;
      case SIGTSTP:
        if (place) {
          place->suspend();
        } else {
          ::raise(SIGSTOP);
        }
        break;
      case SIGWINCH:
        screen = screen_of(STDOUT_FILENO);
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace renewd::commands
