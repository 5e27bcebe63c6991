// The journal of commands that people run by hand. `journalctl -u` shows a process that is not of the unit only if root
// logs it with OBJECT_SYSTEMD_UNIT=, and a command of root becomes the service's user before it logs: a child that
// stays root passes its entries on, and does nothing else.
#pragma once

#include <memory>
#include <string>

#include "core/descriptor.hpp"
#include "core/event_log.hpp"

namespace renewd::service {

// Entries have the identifier and the fields of the service, and GRAVITEE_COMMAND. Never waits: what a stuck journal
// does not take is lost.
class JournalRelay final : public EventSink {
 public:
  // Call it while the process has one thread and, if it is root's, before it becomes another user. Without root,
  // entries go to the journal directly, and only `journalctl -t` finds them. Null if there is no journal.
  static std::shared_ptr<JournalRelay> start(std::string command);

  void write(const Event& event) override;
  // Events below this level are not written.
  void set_level(Level level) { level_ = level; }
  bool shows(Level level) const override { return level >= level_; }

 private:
  JournalRelay(Descriptor socket, std::string command) : socket_(std::move(socket)), command_(std::move(command)) {}

  Descriptor socket_;
  std::string command_;
  Level level_ = Level::info;
};

// Of an entry in the journal's native protocol, "NAME=value" and a line break for each field: what the child passes on,
// which is nothing but the fields of our own entries.
std::string relayed_entry(std::string_view entry);

}  // namespace renewd::service
