#include <sstream>

#include <boost/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include "core/event_lines.hpp"
#include "core/text.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace std::chrono_literals;

namespace {

class FixedClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1795462200s + 5ms); }
};

struct Captured {
  std::ostringstream text;
  FixedClock clock;
  EventLog log(LogFormat format, spdlog::level::level_enum level = spdlog::level::info) {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
    logger->set_pattern("%v");
    logger->set_level(level);
    return {std::make_shared<EventLines>(std::move(logger), format, false), clock};
  }
};

}  // namespace

TEST_CASE("an event is one JSON line, with the common fields first") {
  Captured captured;
  captured.log(LogFormat::json)
      .event(EventName::renewal_failed, "production", "POST …: HTTP 503\n\"quoted\"",
             {{"class", "server_error"}, {"failures_in_a_row", std::int64_t{3}}, {"final", false}});
  const std::string line = captured.text.str();
  CHECK(line.find('\n') == line.size() - 1);
  const auto event = boost::json::parse(line).as_object();
  CHECK(event.at("time") == "2026-11-23T19:30:00.005Z");
  CHECK(event.at("level") == "error");
  CHECK(event.at("event") == "renewal_failed");
  CHECK(event.at("certificate") == "production");
  CHECK(event.at("message") == "POST …: HTTP 503\\x0a\"quoted\"");
  CHECK(event.at("class") == "server_error");
  CHECK(event.at("failures_in_a_row") == 3);
  CHECK(event.at("final") == false);
}

TEST_CASE("text that is not printable is escaped for every sink") {
  struct Kept final : EventSink {
    void write(const Event& event) override {
      text = std::string(event.message) + std::get<std::string>(event.fields[0].second);
    }
    std::string text;
  };
  const auto format = GENERATE(LogFormat::json, LogFormat::text);
  Captured captured;
  EventLog log = captured.log(format);
  const auto observer = std::make_shared<Kept>();
  log.add_observer(observer);
  log.event(EventName::gateway_output, "production", "a\x1b[2J\u202e\nforged", {{"line", "\xff\u2028\u0085"}});
  CHECK(observer->text == "a\\x1b[2J\\xe2\\x80\\xae\\x0aforged\\xff\\xe2\\x80\\xa8\\xc2\\x85");
  const std::string line = captured.text.str();
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(escaped(line, "\n") == line);
}

TEST_CASE("an event of the daemon itself names no certificate") {
  Captured captured;
  captured.log(LogFormat::json).event(EventName::daemon_started, "", "version 1");
  CHECK_FALSE(boost::json::parse(captured.text.str()).as_object().contains("certificate"));
}

TEST_CASE("formats events as text") {
  Captured captured;
  captured.log(LogFormat::text)
      .event(EventName::renewal_due, "production", "10 days left", {{"reason", "window_open"}, {"why", "two words"}});
  CHECK(
      captured.text.str() ==
      "2026-11-23T19:30:00.005Z info    renewal_due [production] 10 days left reason=window_open why=\"two words\"\n");
}

TEST_CASE("events below the level are left out") {
  Captured captured;
  const auto log = captured.log(LogFormat::json, spdlog::level::warn);
  log.event(EventName::certificate_checked, "a", "fine");
  CHECK(captured.text.str().empty());
  log.event(EventName::certificate_expiring, "a", "soon");
  CHECK_FALSE(captured.text.str().empty());
}

TEST_CASE("an observer gets events below the log's level") {
  struct Count final : EventSink {
    void write(const Event&) override { ++events; }
    int events = 0;
  };
  Captured captured;
  auto log = captured.log(LogFormat::json, spdlog::level::warn);
  const auto observer = std::make_shared<Count>();
  log.add_observer(observer);
  log.event(EventName::certificate_checked, "a", "fine");
  CHECK(captured.text.str().empty());
  CHECK(observer->events == 1);
}
