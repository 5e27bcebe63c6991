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

  void tell(EventName name, std::string_view message) {
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

TEST_CASE("a command that begins with the gateway has a step before any event") {
  Terminal terminal;
  terminal.progress.begin_activation("production", "the old keystore");
  CHECK(terminal.written() == "\rproduction: making the gateway use the old keystore, 0 s (at most 2 min\033[K");
  terminal.tell(EventName::gateway_activated, "told");
  CHECK_THAT(terminal.written(), StartsWith("\r\033[Ktold\n\rproduction: verifying the gateway"));
}

TEST_CASE("a step under way is told below the log, and gone before the next line of it") {
  Terminal terminal;
  terminal.tell(EventName::renewal_due, "due");
  CHECK(terminal.written() == "due\n");
  terminal.tell(EventName::renewal_requested, "asking");
  CHECK(terminal.written() == "asking\n\rproduction: asking the cloud, 0 s (at most 1 min more)\033[K");
  terminal.now += 12s;
  terminal.progress.draw();
  CHECK(terminal.written() == "\rproduction: asking the cloud, 12 s (at most 48 s more)\033[K");
  terminal.tell(EventName::gateway_activated, "told");
  CHECK_THAT(terminal.written(),
             StartsWith("\r\033[Ktold\n\rproduction: verifying the gateway, 0 s (at most 1 min 30 s"));
  terminal.now += 91s;
  terminal.progress.draw();
  CHECK_THAT(terminal.written(), ContainsSubstring("about to be given up"));
  terminal.tell(EventName::renewal_completed, "done");
  CHECK(terminal.written() == "\r\033[Kdone\n");
  terminal.progress.draw();
  CHECK(terminal.written().empty());
}

TEST_CASE("what the command itself prints finds the line empty") {
  Terminal terminal;
  terminal.tell(EventName::renewal_answered, "answered");
  terminal.written();
  terminal.progress.end();
  CHECK(terminal.written() == "\r\033[K");
  terminal.progress.draw();
  CHECK(terminal.written().empty());
}

TEST_CASE("the line is cut where the terminal would break it") {
  std::ostringstream screen;
  Progress progress(std::make_shared<Lines>(screen), screen, 40, {{"production", {60s, 120s, 90s}}});
  progress.write({SystemClock().now(), Level::info, EventName::renewal_requested, "production", "asking", {}});
  CHECK(screen.str() == "asking\n\rproduction: asking the cloud, 0 s (at\033[K");
}
