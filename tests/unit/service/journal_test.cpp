#include "service/journal.hpp"

#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace renewd;
using namespace std::chrono_literals;

TEST_CASE("an event in the journal has its own fields, a priority and an identifier") {
  const Fields own{{"class", "server_error"}, {"failures_in_a_row", std::int64_t{3}}};
  const Event event{TimePoint(1795462200s), Level::error, EventName::renewal_failed, "production", "HTTP 503", own};
  CHECK(service::journal_fields(event) == std::vector<std::string>{
                                              "MESSAGE=renewal_failed [production] HTTP 503",
                                              "MESSAGE_ID=" + std::string(message_id(EventName::renewal_failed)),
                                              "PRIORITY=3",
                                              "SYSLOG_IDENTIFIER=gravitee-renewd",
                                              "GRAVITEE_EVENT=renewal_failed",
                                              "GRAVITEE_LEVEL=error",
                                              "GRAVITEE_MESSAGE=HTTP 503",
                                              "GRAVITEE_CERTIFICATE=production",
                                              "GRAVITEE_CLASS=server_error",
                                              "GRAVITEE_FAILURES_IN_A_ROW=3",
                                          });
}

TEST_CASE("an event of the daemon itself names no certificate in the journal") {
  const Fields none;
  const Event event{TimePoint(1795462200s), Level::info, EventName::daemon_stopping, "", "told to stop", none};
  const auto fields = service::journal_fields(event);
  CHECK(fields.front() == "MESSAGE=daemon_stopping told to stop");
  CHECK(std::none_of(fields.begin(), fields.end(),
                     [](const std::string& field) { return field.starts_with("GRAVITEE_CERTIFICATE="); }));
}

TEST_CASE("each event has its own identifier") {
  std::set<std::string_view> identifiers;
  for (int number = 0; number <= static_cast<int>(EventName::fleet_unreachable); ++number) {
    const auto identifier = message_id(static_cast<EventName>(number));
    CHECK(identifier.size() == 32);
    CHECK(identifier.find_first_not_of("0123456789abcdef") == std::string_view::npos);
    CHECK(identifiers.insert(identifier).second);
  }
}

TEST_CASE("standard error is the journal only if systemd names this stream") {
  const testing::EnvironmentVariable stream("JOURNAL_STREAM", "8:1");
  CHECK_FALSE(service::standard_error_is_the_journal());
}
