#include "monitoring/exposition.hpp"

#include "core/event_log.hpp"
#include "monitoring/counters.hpp"
#include "monitoring/metrics.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using namespace std::chrono_literals;

namespace {

struct Observed {
  Counters counters{[this] { return now; }};
  Counters::SteadyTime now{};
  int changes = 0;

  Observed() {
    counters.on_change([this] { ++changes; });
  }
  void event(EventName name, const Fields& fields = {}, std::string_view certificate = "production") {
    counters.write(Event{TimePoint(), Level::info, name, certificate, "", fields});
  }
  // As in a scrape.
  std::string text() const { return exposition(metrics({"production"}, {}, counters, TimePoint())); }
};

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\ngravitee_renewd_" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a family has its help, its type, and a line for each sample") {
  CHECK(exposition({{"readable", MetricType::gauge, "Whether.", {{{{"certificate", "a"}}, 1}, {{}, 0.25}}}}) ==
        "# HELP gravitee_renewd_readable Whether.\n# TYPE gravitee_renewd_readable gauge\n"
        "gravitee_renewd_readable{certificate=\"a\"} 1\ngravitee_renewd_readable 0.25\n");
}

TEST_CASE("labels are escaped") {
  const std::string text = exposition({{"x", MetricType::counter, "h", {{{{"l", "a\"b\\c\nd"}}, 3}}}});
  CHECK(has(text, "x{l=\"a\\\"b\\\\c\\nd\"} 3"));
}

TEST_CASE("times are in seconds, and whole numbers have no decimals") {
  const std::string text =
      exposition({{"x", MetricType::gauge, "h", {{{}, 1795462200.0}, {{}, -61}, {{}, 0.1}, {{}, 1e300}}}});
  CHECK(has(text, "x 1795462200"));
  CHECK(has(text, "x -61"));
  CHECK(has(text, "x 0.1"));
  CHECK(has(text, "x 1e+300"));
}

TEST_CASE("a family without samples is omitted") {
  CHECK(exposition({{"x", MetricType::gauge, "h", {}}}).empty());
}

TEST_CASE("counters start at zero") {
  const Observed observed;
  const std::string text = observed.text();
  CHECK(has(text, "renewal_attempts_total{certificate=\"production\",result=\"success\"} 0"));
  CHECK(has(text, "renewal_failures_total{certificate=\"production\",class=\"dns\"} 0"));
  CHECK(has(text, "renewal_failures_total{certificate=\"production\",class=\"fleet\"} 0"));
  CHECK(has(text, "rollbacks_total{certificate=\"production\"} 0"));
  CHECK(has(text, "request_duration_seconds_count{certificate=\"production\"} 0"));
  CHECK(has(text, "config_last_reload_successful 1"));
  CHECK(text.find("clock_skew") == std::string::npos);
}

TEST_CASE("attempts are counted when they end, failures by their class") {
  Observed observed;
  observed.event(EventName::renewal_due);
  CHECK(observed.changes == 0);
  observed.event(EventName::renewal_failed, {{"class", "server_error"}});
  observed.event(EventName::renewal_failed, {{"class", "server_error"}});
  observed.event(EventName::renewal_failed, {{"class", "gateway"}});
  observed.event(EventName::renewal_completed);
  observed.event(EventName::renewal_rolled_back);
  observed.event(EventName::renewal_completed, {}, "another");
  CHECK(observed.changes == 6);
  const std::string text = observed.text();
  CHECK(has(text, "renewal_attempts_total{certificate=\"production\",result=\"success\"} 1"));
  CHECK(has(text, "renewal_attempts_total{certificate=\"production\",result=\"failure\"} 3"));
  CHECK(has(text, "renewal_failures_total{certificate=\"production\",class=\"server_error\"} 2"));
  CHECK(has(text, "renewal_failures_total{certificate=\"production\",class=\"gateway\"} 1"));
  CHECK(has(text, "rollbacks_total{certificate=\"production\"} 1"));
  CHECK(text.find("another") == std::string::npos);
}

TEST_CASE("a request ends with its response or a failure, and a failure without a request has no duration") {
  Observed observed;
  observed.event(EventName::renewal_requested);
  observed.now += 300ms;
  observed.event(EventName::renewal_answered);
  observed.now += 1h;
  observed.event(EventName::renewal_failed, {{"class", "gateway"}});
  observed.event(EventName::renewal_requested);
  observed.now += 60s;
  observed.event(EventName::renewal_failed, {{"class", "timeout"}});
  const std::string text = observed.text();
  CHECK(has(text, "request_duration_seconds_bucket{certificate=\"production\",le=\"0.25\"} 0"));
  CHECK(has(text, "request_duration_seconds_bucket{certificate=\"production\",le=\"0.5\"} 1"));
  CHECK(has(text, "request_duration_seconds_bucket{certificate=\"production\",le=\"30\"} 1"));
  CHECK(has(text, "request_duration_seconds_bucket{certificate=\"production\",le=\"60\"} 2"));
  CHECK(has(text, "request_duration_seconds_bucket{certificate=\"production\",le=\"+Inf\"} 2"));
  CHECK(has(text, "request_duration_seconds_count{certificate=\"production\"} 2"));
  CHECK(has(text, "request_duration_seconds_sum{certificate=\"production\"} 60.3"));
}

TEST_CASE("a new request replaces one that was cancelled") {
  Observed observed;
  observed.event(EventName::renewal_requested);
  observed.now += 1h;
  observed.event(EventName::renewal_requested);
  observed.now += 1s;
  observed.event(EventName::renewal_answered);
  CHECK(has(observed.text(), "request_duration_seconds_sum{certificate=\"production\"} 1"));
}

TEST_CASE("gauges show the last reload and the last clock skew") {
  Observed observed;
  observed.event(EventName::config_rejected, {}, "");
  CHECK(has(observed.text(), "config_last_reload_successful 0"));
  observed.event(EventName::config_reloaded, {}, "");
  CHECK(has(observed.text(), "config_last_reload_successful 1"));
  observed.event(EventName::clock_skewed, {{"skew_seconds", std::int64_t{-3600}}});
  CHECK(has(observed.text(), "clock_skew_seconds -3600"));
  observed.event(EventName::clock_skewed, {{"skew_seconds", std::int64_t{0}}});
  CHECK(has(observed.text(), "clock_skew_seconds 0"));
  observed.event(EventName::clock_skewed, {{"skew_seconds", std::int64_t{90}}});
  observed.event(EventName::clock_changed);
  CHECK(observed.text().find("clock_skew") == std::string::npos);  // until the next response
}
