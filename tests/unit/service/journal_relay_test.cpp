#include "service/journal_relay.hpp"

#include "service/journal.hpp"
#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::service;

namespace {

constexpr auto kUnit = "OBJECT_SYSTEMD_UNIT=gravitee-renewd.service\n";

}  // namespace

TEST_CASE("an entry that is passed on belongs to the service's unit, and has every field of the event") {
  const Fields own{{"class", "server_error"}};
  const Event event{TimePoint(), Level::error, EventName::renewal_failed, "production", "HTTP 503", own};
  std::string entry;
  for (const std::string& field : journal_fields(event)) {
    entry += field + "\n";
  }
  CHECK(relayed_entry(entry) == kUnit + entry);
}

TEST_CASE("only fields of our own entries are passed on") {
  CHECK(relayed_entry("GRAVITEE_EVENT=x\nUNIT=other.service\nSYSLOG_IDENTIFIER=sudo\n_UID=0\nPRIORITY=3\n") ==
        std::string(kUnit) + "GRAVITEE_EVENT=x\nPRIORITY=3\n");
  // The start of a field in the binary form, and an entry that was cut.
  CHECK(relayed_entry("MESSAGE\n\x08\x00") == kUnit);
  CHECK(relayed_entry("GRAVITEE_EVENT\nMESSAGE=y") == std::string(kUnit) + "MESSAGE=y\n");
}
