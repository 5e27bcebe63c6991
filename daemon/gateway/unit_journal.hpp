// A unit's lines in this host's journal (sd-journal). Never waits for new ones.
#pragma once

#include <memory>
#include <string>

#include <systemd/sd-journal.h>

#include "core/clock.hpp"
#include "gateway/log_reader.hpp"
#include "gateway/system_bus.hpp"

namespace renewd::gateway {

// Whether this process may read the system journal: without permission sd_journal_open(3) shows an empty one instead of
// an error. `unit` is for the message. Error kind: gateway.
Result<void> check_journal(const std::string& unit);

class UnitJournal final : public LogReader {
 public:
  // `unit` is the full name. Lines before `since` are ignored. Error kind: gateway.
  static Result<std::unique_ptr<UnitJournal>> open(const std::string& unit, TimePoint since);

  Result<std::string> read(const LineSink& sink) override;

 private:
  using JournalPtr = std::unique_ptr<sd_journal, Unref<sd_journal_close>>;

  UnitJournal(JournalPtr journal, std::string unit, std::uint64_t since)
      : journal_(std::move(journal)), unit_(std::move(unit)), since_(since) {}
  void deliver(const LineSink& sink);

  JournalPtr journal_;
  std::string unit_;
  std::uint64_t since_;  // microseconds since the epoch
};

}  // namespace renewd::gateway
