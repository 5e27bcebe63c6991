// Writes events to the system journal with native fields: GRAVITEE_EVENT, GRAVITEE_CERTIFICATE, MESSAGE_ID, and the
// event's fields as GRAVITEE_<NAME>, for searches such as `journalctl GRAVITEE_EVENT=renewal_failed`.
#pragma once

#include <string>
#include <vector>

#include "core/event_log.hpp"

namespace renewd::service {

// Whether standard error is connected to the system journal ($JOURNAL_STREAM, systemd.exec(5)).
bool standard_error_is_the_journal();

// "NAME=value" for each field of an event.
std::vector<std::string> journal_fields(const Event& event);

class JournalOutput final : public EventSink {
 public:
  explicit JournalOutput(Level level) : level_(level) {}

  // Ignores errors: a journal that fails must not stop a renewal.
  void write(const Event& event) override;
  bool shows(Level level) const override { return level >= level_; }

 private:
  Level level_;
};

}  // namespace renewd::service
