// Events in the journal, each with native fields: GRAVITEE_EVENT, GRAVITEE_CERTIFICATE, MESSAGE_ID, and the event's own
// as GRAVITEE_<NAME>, so that `journalctl GRAVITEE_EVENT=renewal_failed` finds them.
#pragma once

#include <string>
#include <vector>

#include "core/event_log.hpp"

namespace renewd::service {

// Whether standard error is connected to the journal ($JOURNAL_STREAM, systemd.exec(5)).
bool standard_error_is_the_journal();

// "NAME=value" for each field of an event, as the journal takes them.
std::vector<std::string> journal_fields(const Event& event);

class JournalOutput final : public EventSink {
 public:
  explicit JournalOutput(Level level) : level_(level) {}

  // A journal that does not take it must not stop a renewal: the event is then lost.
  void write(const Event& event) override;
  bool shows(Level level) const override { return level >= level_; }

 private:
  Level level_;
};

}  // namespace renewd::service
