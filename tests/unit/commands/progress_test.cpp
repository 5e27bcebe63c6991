#include "commands/progress.hpp"

#include <sstream>

#include "core/clock.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::commands;
using namespace std::chrono_literals;

namespace {

// Writes where the progress is drawn, as standard error does.
class Lines final : public EventSink {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void write(const Event& event) override { out_ << event.message << "\n"; }

 private:
  std::ostream& out_;
};

struct Terminal {
  std::ostringstream screen;
  Progress::SteadyTime now{};
  SystemClock clock;
  Progress progress{
      std::make_shared<Lines>(screen), screen, 72, {{"production", {60s, 120s, 90s}}}, [this] { return now; }};

  void log(EventName name, std::string_view message) {
    progress.write({clock.now(), Level::info, name, "production", message, {}});
  }
  // What was written since the last time.
  std::string written() {
    std::string text = screen.str();
    screen.str("");
    return text;
  }
};

}  // namespace

TEST_CASE("begin_activation() shows a step before any event") {
  Terminal terminal;
  terminal.progress.begin_activation("production", "the previous keystore");
  CHECK_THAT(terminal.written(), StartsWith("\rproduction: ") &&
                                     ContainsSubstring("the previous keystore, 0 s (at most 2 min") &&
                                     EndsWith("\033[K"));
  terminal.log(EventName::gateway_activated, "told");
  CHECK_THAT(terminal.written(), StartsWith("\r\033[Ktold\n\rproduction: "));
}

TEST_CASE("the current step is shown below the log, and removed before its next line") {
  Terminal terminal;
  terminal.log(EventName::renewal_due, "due");
  CHECK(terminal.written() == "due\n");
  terminal.log(EventName::renewal_requested, "asking");
  CHECK_THAT(terminal.written(), StartsWith("asking\n\rproduction: ") && EndsWith(", 0 s (at most 1 min more)\033[K"));
  terminal.now += 12s;
  terminal.progress.draw();
  CHECK_THAT(terminal.written(), StartsWith("\rproduction: ") && EndsWith(", 12 s (at most 48 s more)\033[K"));
  terminal.log(EventName::gateway_activated, "told");
  CHECK_THAT(terminal.written(),
             StartsWith("\r\033[Ktold\n\rproduction: ") && ContainsSubstring(", 0 s (at most 1 min 30 s"));
  terminal.now += 91s;
  terminal.progress.draw();
  CHECK_THAT(terminal.written(), ContainsSubstring(", 1 min 31 s (about to"));
  terminal.log(EventName::renewal_completed, "done");
  CHECK(terminal.written() == "\r\033[Kdone\n");
  terminal.progress.draw();
  CHECK(terminal.written().empty());
}

TEST_CASE("end() removes the line for the output of the command") {
  Terminal terminal;
  terminal.log(EventName::renewal_answered, "answered");
  terminal.written();
  terminal.progress.end();
  CHECK(terminal.written() == "\r\033[K");
  terminal.progress.draw();
  CHECK(terminal.written().empty());
}

TEST_CASE("the line is cut to the width of the terminal") {
  std::ostringstream screen;
  Progress progress(std::make_shared<Lines>(screen), screen, 40, {{"production", {60s, 120s, 90s}}});
  progress.write({SystemClock().now(), Level::info, EventName::renewal_requested, "production", "asking", {}});
  CHECK_THAT(screen.str(), StartsWith("asking\n\rproduction: ") && EndsWith("\033[K"));
  CHECK(screen.str().size() <= std::string_view("asking\n\r\033[K").size() + 39);
}
